import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gaveUpEarly } from '../support/v8.js';

const CHILD = fileURLToPath(new URL('./children/fills-its-heap.mjs', import.meta.url));

/** Lets a process die of its heap. @returns the worst level that it saw by itself before, and whether V8 gave up before the limit. */
async function dieOfHeap(way: 'level' | 'turns', oldSpaceMib: number): Promise<{ worst: string; early: boolean }> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-heap-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'level');
  const child = spawn(process.execPath, [`--max-old-space-size=${oldSpaceMib}`, CHILD, file, way], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const [exitCode, signal] = await once(child, 'exit');
  expect(signal ?? exitCode).toBeOneOf(['SIGABRT', 134]);
  return { worst: readFileSync(file, 'utf8').trim(), early: gaveUpEarly(await said) };
}

describe('a process that dies of its heap without a cache', () => {
  it.each([
    // in 64 MiB the last twentieth is filled in 2 ms, before the sampler can tell: one process in fifty
    { way: 'level', oldSpaceMib: 128, loop: 'a loop that never turns and reads the level' },
    { way: 'turns', oldSpaceMib: 128, loop: 'a loop that turns' },
  ] as const)('sees the emergency before its limit: $loop, $oldSpaceMib MiB', async ({ way, oldSpaceMib }) => {
    const { worst, early } = await dieOfHeap(way, oldSpaceMib);
    expect(worst).toBeOneOf(early ? ['critical', 'emergency'] : ['emergency']);
  });
});

describe('a process that fills most of its heap', () => {
  it('is not asked for collections that find nothing: four of them, and V8 gives the heap up', () => {
    const child = fileURLToPath(new URL('./children/fills-most-of-its-heap.mjs', import.meta.url));
    const { stdout } = spawnSync(process.execPath, ['--max-old-space-size=128', child, '128'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(stdout).toBe('0 asked for, 1000 lists');
  });
});
