import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MIB } from '#src/core/units.js';
import { isGlibc } from '#src/sources/allocator.js';

const CHILD = fileURLToPath(new URL('./children/give-back.mjs', import.meta.url));

/** Evicts 128 MiB of Buffers that glibc keeps once they are free, in a process that must then end by itself. */
function evictInProcess(...nodeOptions: string[]): { evictedBytes: number; returnedBytes: number } {
  const answer = execFileSync(process.execPath, [...nodeOptions, CHILD], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  return JSON.parse(answer);
}

describe.runIf(isGlibc())('evicted Buffers of 64 KiB', () => {
  it('are returned to the system', () => {
    const { evictedBytes, returnedBytes } = evictInProcess();
    expect(evictedBytes).toBe(128 * MIB);
    expect(returnedBytes).toBeGreaterThan(90 * MIB);
  });

  it('stay where no native code may be called, and the report says so', () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    const { returnedBytes } = evictInProcess(flag, '--allow-fs-read=*', '--allow-worker');
    expect(returnedBytes).toBeLessThan(60 * MIB);
  });
});
