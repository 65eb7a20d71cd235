import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isGlibc } from '#src/sources/allocator.js';

const CHILD = fileURLToPath(new URL('./children/give-back.mjs', import.meta.url));

function run(...nodeOptions: string[]): unknown {
  const answer = execFileSync(process.execPath, [...nodeOptions, CHILD], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(answer);
}

/** Another library does not keep what is free here, and cannot be asked for it. */
describe.runIf(isGlibc())('the allocator of glibc', () => {
  it('keeps free blocks of 64 KiB, and gives them back when it is asked to', () => {
    const { filledMib, freedMib, returnedMib } = run() as Record<string, number>;
    expect(filledMib).toBeDefined();
    expect(Number(filledMib) - Number(freedMib)).toBeLessThan(40); // of the 128 that are free
    expect(Number(freedMib) - Number(returnedMib)).toBeGreaterThan(80);
  });
});

describe('an allocator that may not be called', () => {
  it('is none', () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    expect(run(flag, '--allow-fs-read=*')).toEqual({ allocator: null });
  });
});
