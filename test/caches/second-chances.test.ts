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

  function underCap(options: { maxBytes?: number } = {}, capBytes = ENTRIES * ENTRY_BYTES) {
    const cache = new Cache<number, number>({
      maxSize: 1e9,
      sizeCalculation: () => ENTRY_BYTES,
      memoMethod: (key: number) => key,
      dispose: (_value: number, key: number, reason: string) => gone.push({ key, reason }),
    });
    thread.caches.register(cache, { name: 'frame', ...options });
    thread.cap(capBytes);
    return cache;
  }

  /** Hits over those of a cache that puts out what was used least recently. */
  function hitsOverLru(workload: (random: () => number) => Workload, cache = underCap()): number {
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
    const cache = underCap();
    hitsOf(cache, skewed(createRandom(7)));
    expect(cache.size).toBeLessThanOrEqual(ENTRIES);
    expect(cache.size).toBeGreaterThan(0.98 * ENTRIES);
    expect(cache.calculatedSize).toBe(cache.size * ENTRY_BYTES);
    expect(new Set(gone.map(({ reason }) => reason))).toEqual(new Set(['evict']));
    for (const [key, value] of cache.entries()) expect(value).toBe(key);
    for (const { key } of gone.slice(-10)) expect(cache.has(key), `${key} went`).toBe(false);
  });

  it('go by last use while nothing was learned', () => {
    const cache = underCap();
    for (let key = 0; key < 2 * ENTRIES; key++) cache.set(key, key);
    const kept = [...cache.keys()].sort((a, b) => a - b);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 2 * ENTRIES - kept.length + index));
  });

  it('learn nothing from what the own limit of the cache takes, which goes in order of last use', () => {
    const cache = underCap({ maxBytes: ENTRIES * ENTRY_BYTES }, 1.5 * ENTRIES * ENTRY_BYTES);
    expect(hitsOverLru(moving, cache)).toBeGreaterThan(0.98);
  });

  it('take an entry that is written over for one that is used', () => {
    const cache = underCap();
    const lru = new Cache<number, number>({ max: ENTRIES });
    const writtenThrough = (any: AnyCache) =>
      hitsOf(
        {
          get: (key) => {
            const value = any.get(key);
            if (value !== undefined) any.set(key, value + 1);
            return value;
          },
          set: (key, value) => any.set(key, value),
        },
        skewed(createRandom(7)),
      );
    expect(writtenThrough(cache) / writtenThrough(lru)).toBeGreaterThan(1.05);
  });

  it('take what came by other ways than a put for what it is, not for what stood in its slot before', () => {
    const cache = underCap();
    hitsOf(cache, skewed(createRandom(7)));
    const old = [...cache.keys()].slice(0, 50);
    for (const key of old) cache.delete(key);
    for (let key = 1e6; key < 1e6 + 50; key++) (cache as LRUCache<number, number>).memo(key);
    for (let key = 2e6; key < 2e6 + 3 * ENTRIES; key++) cache.set(key, key);
    expect([...cache.keys()].filter((key) => key >= 1e6 && key < 2e6)).toEqual([]);
  });

  it.each([1, 2, 4, 8, 20])('never put out what was just put, with room for %i', (entries) => {
    const cache = underCap({}, entries * ENTRY_BYTES);
    const next = skewed(createRandom(7));
    for (let read = 0; read < 5000; read++) {
      const key = next();
      if (cache.get(key) !== undefined) continue;
      cache.set(key, key);
      expect(cache.has(key)).toBe(true);
    }
    expect(cache.size).toBe(entries);
  });

  it('keep the better part where the cap falls', () => {
    const cache = underCap();
    const lru = new Cache<number, number>({ max: ENTRIES });
    const next = [skewed(createRandom(7)), skewed(createRandom(7))] as const;
    hitsOf(cache, next[0]);
    hitsOf(lru, next[1]);
    thread.cap(0.2 * ENTRIES * ENTRY_BYTES);
    cache.set(-1, -1);
    expect(cache.size).toBeLessThanOrEqual(0.2 * ENTRIES);
    expect(cache.size).toBeGreaterThan(0.19 * ENTRIES);
    const small = [...lru.keys()].slice(0, cache.size);
    const weight = (keys: Iterable<number>) => [...keys].reduce((sum, key) => sum + (Math.max(0, key) + 1) ** -0.8, 0);
    expect(weight(cache.keys())).toBeGreaterThan(weight(small));
  });

  it('move nothing in an emergency: what was used last stays', () => {
    const cache = underCap();
    hitsOf(cache, skewed(createRandom(7)));
    const before = [...cache.keys()];
    thread.order({ 0: 100 * ENTRY_BYTES }, 'emergency');
    cache.get(before[0] as number);
    expect([...cache.keys()]).toEqual(before.slice(0, before.length - 100));
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
