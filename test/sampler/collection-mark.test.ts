import { describe, expect, it } from 'vitest';
import { createPage } from '#src/page/page.js';
import { claimThread, releaseThread, storeThreadCounters } from '#src/page/thread-rows.js';
import { markEvicted } from '#src/sampler/collection-mark.js';

/** A page with two threads, 1 and 2, each with 100 bytes evicted and nothing collected. */
function twoThreads() {
  const words = createPage();
  const claims = [claimThread(words, 1, -1), claimThread(words, 2, -1)] as const;
  const evicted = (thread: 1 | 2, evictedBytes: number, uncollectedBytes: number) => {
    const { row } = claims[thread - 1] ?? claims[0];
    storeThreadCounters(words, row, { collections: 0, collectionUs: 0, evictedBytes, uncollectedBytes });
  };
  evicted(1, 100, 100);
  evicted(2, 100, 100);
  return { words, claims, evicted };
}

describe('evicted bytes that were marked', () => {
  it('are collected once no more is uncollected than was evicted since', () => {
    const { words, evicted } = twoThreads();
    const isCollected = markEvicted(words, new Set([1]));
    expect(isCollected()).toBe(false);
    evicted(1, 150, 51);
    expect(isCollected()).toBe(false);
    evicted(1, 150, 50);
    expect(isCollected(), 'what was evicted later still waits').toBe(true);
  });

  it('are those of the threads that paid, each of which must have collected its own', () => {
    const { words, evicted } = twoThreads();
    const one = markEvicted(words, new Set([1]));
    const both = markEvicted(words, new Set([1, 2]));
    evicted(1, 400, 0);
    expect(one()).toBe(true);
    expect(both()).toBe(false);
    evicted(2, 100, 0);
    expect(both()).toBe(true);
  });

  it('are gone with their thread', () => {
    const { words, claims } = twoThreads();
    const isCollected = markEvicted(words, new Set([2]));
    releaseThread(words, claims[1]);
    expect(isCollected()).toBe(true);
  });
});
