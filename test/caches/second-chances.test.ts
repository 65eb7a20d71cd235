import { LRUCache } from 'lru-cache';
import { LRUCache as LRUCache10 } from 'lru-cache-10';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '#src/demo/random.js';
import { CachesUnderTest } from '../support/thread-caches.js';

const ENTRY_BYTES = 1000;
const ENTRIES = 500;
const KEYS = 3000;
const READS = 60_000;

/** Which key is read next, 0 or more. */
type Workload = () => number;

/** Rank r with a weight of r^-0.8, by the inverse of the continuous distribution. */
function skewed(random: () => number): Workload {
  return () => Math.floor(KEYS * random() ** (1 / 0.2));
}

/** Every key within a window that moves on: only recency tells what is read again. */
function moving(random: () => number): Workload {
  let reads = 0;
  return () => Math.floor(reads++ / 8) + Math.floor(random() * 1.5 * ENTRIES);
}

/** Skewed, and now and then a run over keys that nobody reads twice. */
function scanned(random: () => number): Workload {
  const next = skewed(random);
  let reads = 0;
  let once = KEYS;
  return () => (reads++ % 10_000 < 1000 ? once++ : next());
}

interface AnyCache {
  get(key: number): number | undefined;
  set(key: number, value: number): unknown;
}

function hitsOf(cache: AnyCache, next: Workload): number {
  let hits = 0;
  for (let read = 0; read < READS; read++) {
    const key = next();
    if (cache.get(key) === undefined) cache.set(key, key);
    else hits++;
  }
  return hits;
}

describe.each([
  ['11', LRUCache],
  ['10', LRUCache10],
])('puts over a cap on lru-cache %s', (_, Cache) => {
  let thread: CachesUnderTest;
  let gone: { key: number; reason: string }[];

  beforeEach(() => {
    thread = new CachesUnderTest();
    gone = [];
  });
  afterEach(() => thread.close());

  function underCap() {
    const cache = new Cache<number, number>({
      maxSize: 1e9,
      sizeCalculation: () => ENTRY_BYTES,
      dispose: (_value: number, key: number, reason: string) => gone.push({ key, reason }),
    });
    const registration = thread.caches.register(cache, { name: 'frame' });
    thread.cap(ENTRIES * ENTRY_BYTES);
    return { cache, registration };
  }

  /** Hits over those of a cache that puts out what was used least recently. */
  function hitsOverLru(workload: (random: () => number) => Workload): number {
    const { cache } = underCap();
    const lru = new Cache<number, number>({ max: ENTRIES });
    return hitsOf(cache, workload(createRandom(7))) / hitsOf(lru, workload(createRandom(7)));
  }

  it('keep what is read often', () => {
    expect(hitsOverLru(skewed)).toBeGreaterThan(1.05);
  });

  it('lose next to nothing where only recency tells what is read again', () => {
    expect(hitsOverLru(moving)).toBeGreaterThan(0.98);
  });

  it('keep it through scans', () => {
    expect(hitsOverLru(scanned)).toBeGreaterThan(1.05);
  });

  it('put out by eviction alone, once each, and what they spare keeps its value', () => {
    const { cache } = underCap();
    hitsOf(cache, skewed(createRandom(7)));
    expect(cache.size).toBeLessThanOrEqual(ENTRIES);
    expect(cache.size).toBeGreaterThan(0.98 * ENTRIES);
    expect(cache.calculatedSize).toBe(cache.size * ENTRY_BYTES);
    expect(new Set(gone.map(({ reason }) => reason))).toEqual(new Set(['evict']));
    for (const [key, value] of cache.entries()) expect(value).toBe(key);
    for (const { key } of gone.slice(-10)) expect(cache.has(key), `${key} went`).toBe(false);
  });

  it('go by last use while nothing was learned', () => {
    const { cache } = underCap();
    for (let key = 0; key < 2 * ENTRIES; key++) cache.set(key, key);
    const kept = [...cache.keys()].sort((a, b) => a - b);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 2 * ENTRIES - kept.length + index));
  });

  it('renew no age of what they spare', () => {
    const cache = new Cache<number, number>({
      maxSize: 1e9,
      sizeCalculation: () => ENTRY_BYTES,
      ttl: 3_600_000,
      updateAgeOnGet: true,
    });
    thread.caches.register(cache, { name: 'frame' });
    thread.cap(ENTRIES * ENTRY_BYTES);
    const ageMs = 1_000_000;
    const next = skewed(createRandom(7));
    for (let read = 0; read < READS; read++) {
      const key = next();
      if (cache.get(key, { updateAgeOnGet: false }) === undefined) cache.set(key, key, { start: -ageMs });
    }
    for (const key of cache.keys()) expect(cache.getRemainingTTL(key)).toBeLessThan(3_600_000 - ageMs);
  });
});
