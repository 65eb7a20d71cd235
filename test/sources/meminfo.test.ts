import { describe, expect, it } from 'vitest';
import { ok, readTree, unavailable, writtenTree } from './tree.js';

const KIB = 1024;

async function system(meminfo: string) {
  const tree = writtenTree({ 'proc/meminfo': meminfo });
  return { ...(await readTree(tree)), path: `${tree.proc}/meminfo` };
}

describe('the memory of the machine', () => {
  it('is used where the kernel says that it is not available', async () => {
    const meminfo = 'MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     400 kB\nCached: 900 kB\n';
    expect((await system(meminfo)).system).toEqual(ok(600 * KIB, 1000 * KIB));
  });

  it('can be used to the last page', async () => {
    expect((await system('MemTotal: 1000 kB\nMemAvailable: 0 kB\n')).system).toEqual(ok(1000 * KIB, 1000 * KIB));
  });

  it('is estimated on a kernel without MemAvailable: free and caches, but not tmpfs', async () => {
    const meminfo =
      'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nSwapCached: 9 kB\nShmem: 120 kB\nSReclaimable: 30 kB\n';
    expect((await system(meminfo)).system).toEqual(ok((1000 - 100 - 50 - 300 - 30 + 120) * KIB, 1000 * KIB));
  });

  it('is unavailable without a total, and says so', async () => {
    const { system: reading, path } = await system('MemFree: 100 kB\n');
    expect(reading).toEqual(unavailable(`${path}: no line "MemTotal"`));
  });

  it('is unavailable without anything that tells what is free', async () => {
    const { system: reading, path } = await system('MemTotal: 100 kB\nCached: 50 kB\n');
    expect(reading).toEqual(unavailable(`${path}: no line "MemFree"`));
  });

  it('has its swap as a fact', async () => {
    const meminfo = 'MemTotal: 9 kB\nMemAvailable: 4 kB\nSwapTotal: 100 kB\nSwapFree: 70 kB\n';
    expect((await system(meminfo)).facts.system).toEqual({ swapTotalBytes: 100 * KIB, swapUsedBytes: 30 * KIB });
  });
});
