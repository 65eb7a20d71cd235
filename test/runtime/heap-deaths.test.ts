import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const CHILD = fileURLToPath(new URL('./children/fills-its-heap.mjs', import.meta.url));

/** Lets a process die of its heap. @returns the worst level that it saw by itself before. */
async function worstLevelSeen(way: 'level' | 'turns', oldSpaceMib: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-heap-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'level');
  const child = spawn(process.execPath, [`--max-old-space-size=${oldSpaceMib}`, CHILD, file, way], { stdio: 'ignore' });
  const [exitCode, signal] = await once(child, 'exit');
  expect(signal ?? exitCode).toBeOneOf(['SIGABRT', 134]);
  return readFileSync(file, 'utf8').trim();
}

describe('a process that dies of its heap without a cache', () => {
  it.each([
    { way: 'level', oldSpaceMib: 64, loop: 'a loop that never turns and reads the level' },
    { way: 'turns', oldSpaceMib: 128, loop: 'a loop that turns' },
  ] as const)('sees the emergency first: $loop, $oldSpaceMib MiB', async ({ way, oldSpaceMib }) => {
    expect(await worstLevelSeen(way, oldSpaceMib)).toBe('emergency');
  });
});
