import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '#src/core/units.js';
import { cacheBytesIndex, claimCache, retireCache, storeCacheEntries } from '#src/page/cache-rows.js';
import { createPage } from '#src/page/page.js';
import { claimThread } from '#src/page/thread-rows.js';
import { storeTracked } from '#src/page/wide.js';
import { meanBufferBytes } from '#src/sampler/mean-buffer.js';

/** A thread without a cache. */
function newThread() {
  const words = createPage();
  const claim = claimThread(words, 0, -1);
  return {
    words,
    claim,
    addCache(mib: number, entries: number): number {
      const row = claimCache(words, claim, { name: 'c', priority: 0, minBytes: 0, maxBytes: -1, rebuildUs: -1 });
      storeTracked(words, cacheBytesIndex(row), mib * MIB);
      storeCacheEntries(words, row, entries);
      return row;
    },
  };
}

describe('what a Buffer in the caches takes on average', () => {
  it('is told over all caches that know how many they hold', () => {
    const { words, claim, addCache } = newThread();
    addCache(64, 4096);
    const gone = addCache(10, 1);
    addCache(64, 4096);
    addCache(8, -1);
    retireCache(words, gone, claim.generation);
    expect(meanBufferBytes(words, 136 * MIB, 130 * MIB)).toBe(16 * KIB);
  });

  it('is 0 where the caches are in the heap, or cannot tell', () => {
    const inHeap = newThread();
    inHeap.addCache(64, 4096);
    expect(meanBufferBytes(inHeap.words, 64 * MIB, 50 * MIB)).toBe(0);
    const small = newThread();
    small.addCache(64, 80_000);
    expect(meanBufferBytes(small.words, 64 * MIB, 100 * MIB)).toBe(0);
    const silent = newThread();
    silent.addCache(64, -1);
    expect(meanBufferBytes(silent.words, 64 * MIB, 100 * MIB)).toBe(0);
  });
});
