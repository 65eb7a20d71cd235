import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { generateGifs } from '#src/demo/generate-gifs.js';
import { reasonForNoCgroup, titled } from './memory-limit/kernel-limit.js';

const MAIN = fileURLToPath(import.meta.resolve('#src/demo/main.js'));

/** Enough to want 690 MiB where nobody evicts, on Node 20. */
const JOBS = ['--jobs', '700'];
const LONG_MS = 120_000;

const noCgroup = await reasonForNoCgroup();
const folder = mkdtempSync(join(tmpdir(), 'spillway-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function demo(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, stdout, stderr };
}

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function resultOf(stdout: string): string | undefined {
  return /^ {2}result +([0-9a-f]{16}) /m.exec(stdout)?.[1];
}

describe.skipIf(noCgroup !== null)(titled('under a limit of 512 MiB that the kernel enforces', noCgroup), () => {
  test('the unprotected run is killed, and that is said plainly', { timeout: LONG_MS }, async () => {
    const { code, stdout, stderr } = await demo('--unprotected', ...JOBS);
    expect(stderr).toBe('killed by the kernel at the limit of 512 MiB (exit 137)\n');
    expect(code).toBe(137);
    expect(stdout).toMatch(/^ +\d\.\d s {2}unprotected +\d+ % {2}resident /m);
    expect(resultOf(stdout)).toBe(undefined);
  });

  test('the protected run finishes below the limit, with what an unprotected run under a large limit finds', {
    timeout: LONG_MS,
  }, async () => {
    const bare = await demo('--unprotected', '--limit', '2GiB', ...JOBS);
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    const saved = await demo(...JOBS);
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    expect(resultOf(saved.stdout)).toMatch(/^[0-9a-f]{16}$/);
    expect(resultOf(saved.stdout)).toBe(resultOf(bare.stdout));
    expect(saved.stdout).toMatch(/^ {2}limit +512 MiB, enforced by the kernel \(cgroup-v[12]\)$/m);
    expect(Number(/^ {2}evictions +(\d+) entries under pressure$/m.exec(saved.stdout)?.[1])).toBeGreaterThan(0);
    expect(saved.stdout, 'plain lines where the output is not a terminal').not.toContain('\x1b');
  });
});

describe('the arguments', () => {
  test('files are worked on instead of the generated ones, each once', async () => {
    const [plasma] = generateGifs({ widthPx: 24, heightPx: 24, frameCount: 3 });
    const path = file('own.gif', plasma?.bytes ?? new Uint8Array(0));
    const { code, stdout } = await demo('--jobs', '10', path, path);
    expect(stdout).toMatch(/^1 clips, 3 frames, 10 jobs; /);
    expect(stdout).toMatch(/ 100 % {2}(memory|resident) /);
    expect(code).toBe(0);
  });

  test('a file that cannot be used is named, before any work starts, and the exit code is 1', async () => {
    const [plasma] = generateGifs({ widthPx: 24, heightPx: 24, frameCount: 3 });
    const good = file('good.gif', plasma?.bytes ?? new Uint8Array(0));
    const bad = file('bad.gif', new TextEncoder().encode('not a GIF'));
    const { code, stdout, stderr } = await demo(good, bad);
    expect(stderr).toBe(`${bad} is not a GIF that can be used here: Invalid GIF 87a/89a header.\n`);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('a file that is not there is named, and the exit code is 1', async () => {
    const path = join(folder, 'missing.gif');
    const { code, stderr } = await demo(path);
    expect(stderr).toMatch(new RegExp(`^Cannot read ${path}: ENOENT`));
    expect(code).toBe(1);
  });

  test('a mistake in the options shows the usage, and the exit code is 2', async () => {
    const { code, stdout, stderr } = await demo('--limit', 'much');
    expect(stderr).toMatch(/^Expected --limit to be a size .+ got `much`\n\nusage: /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('--help goes to stdout, and the exit code is 0', async () => {
    const { code, stdout } = await demo('--help');
    expect(stdout).toMatch(/^usage: npm start/);
    expect(code).toBe(0);
  });
});
