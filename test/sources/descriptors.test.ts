import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { emptyReading } from '#src/core/reading.js';
import { openSources } from '#src/sources/detect.js';
import { HeapReader } from '#src/sources/v8-heap.js';
import { recordedTree } from './tree.js';

const SETTINGS = { roots: null, processLimitBytes: 2 ** 40, updateIntervalMs: 5000 };
const READS = 100_000;

/** The readings alone take 5 s on an idle machine, and many times that on a busy one. */
const READS_TIMEOUT_MS = 240_000;

const noProc = process.platform === 'linux' ? false : 'needs /proc/self/fd';

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

describe.skipIf(noProc)(`the sources${noProc ? ` (skipped: ${noProc})` : ''}`, () => {
  it(
    `keep their descriptors and hold no memory over ${READS} readings, and give all back`,
    async () => {
      const before = descriptors();
      const set = await openSources(SETTINGS, true);
      const reading = emptyReading();
      const stall = { some: 0, full: 0 };
      const heap = { oldUsedBytes: 0, oldLimitBytes: 0, heapUsedBytes: 0, externalBytes: 0 };
      const heapReader = new HeapReader(() => performance.now());
      const sample = (nowUs: number) => {
        for (const source of set.sources) source.readInto(reading);
        set.stall.readInto(stall, nowUs);
        heapReader.readInto(heap);
        return set.rssBytes();
      };
      for (let reads = 0; reads < READS / 10; reads++) sample(reads);
      const open = descriptors();
      collectGarbage();
      const heldBefore = process.memoryUsage();
      for (let reads = 0; reads < READS; reads++) sample(reads);
      collectGarbage();
      const held = process.memoryUsage();
      expect(descriptors()).toBe(open);
      expect(held.heapUsed - heldBefore.heapUsed).toBeLessThan(2 ** 20);
      expect(held.arrayBuffers - heldBefore.arrayBuffers).toBeLessThan(2 ** 16);
      set.close();
      expect(descriptors()).toBe(before);
    },
    READS_TIMEOUT_MS,
  );

  it('can be opened and closed again and again', async () => {
    const before = descriptors();
    for (let times = 0; times < 100; times++) {
      const set = await openSources(times % 2 === 0 ? SETTINGS : { ...SETTINGS, roots: recordedTree('v2-leaf') }, true);
      for (const source of set.sources) source.facts();
      set.close();
      set.close();
    }
    expect(descriptors()).toBe(before);
  });

  it('hold no descriptor of a recorded tree', async () => {
    const before = descriptors();
    const set = await openSources({ ...SETTINGS, roots: recordedTree('v1-leaf') }, true);
    for (const source of set.sources) source.readInto(emptyReading());
    expect(descriptors()).toBe(before);
    set.close();
  });
});
