import { LRUCache } from 'lru-cache';
import { LRUCache as LRUCache10 } from 'lru-cache-10';
import { afterEach, describe, expect, it } from 'vitest';
import { createRandom } from '#src/demo/random.js';
import { isOrderDone } from '#src/page/orders.js';
import { CachesUnderTest } from '../../support/thread-caches.js';

type Dispose = (value: number, key: number) => void;

const SIZED = { maxSize: 1e9, sizeCalculation: (value: number) => value };
const COUNTED = { max: 10_000 };

describe.each([
  ['lru-cache 11', LRUCache],
  ['lru-cache 10', LRUCache10 as unknown as typeof LRUCache],
])('the victims of %s', (_, Lru) => {
  const threads: CachesUnderTest[] = [];
  afterEach(() => {
    for (const thread of threads.splice(0)) thread.close();
  });

  /** A cache of its own thread, whose values are their sizes. */
  function cacheOf(options: typeof SIZED | typeof COUNTED, dispose: Dispose | null, minBytes = 0) {
    const thread = new CachesUnderTest();
    threads.push(thread);
    const cache = new Lru<number, number>({ ...options, ...(dispose && { dispose }) });
    const sizeOf = options === SIZED ? {} : { sizeOf: (value: number) => value };
    const registration = thread.caches.register(cache, { name: 'frame', minBytes, ...sizeOf });
    return { thread, cache, registration };
  }

  it.each([
    ['with sizes', SIZED],
    ['without', COUNTED],
  ])(
    'are the same whether they are chosen one by one, as under the eyes of a callback, or at once: %s',
    (_how, options) => {
      const random = createRandom(11);
      const atOnce = cacheOf(options, null, 20_000);
      const oneByOne = cacheOf(options, () => undefined, 20_000);
      const both = [atOnce, oneByOne];
      for (let turn = 0; turn < 200; turn++) {
        for (let reads = 0; reads < 300; reads++) {
          const key = Math.floor(2000 * random() ** 3);
          const bytes = 1 + Math.floor(random() * 200);
          for (const { cache } of both) if (cache.get(key) === undefined) cache.set(key, bytes);
        }
        const owedBytes = Math.floor(random() * 12_000);
        const level = turn % 3 === 0 ? 'emergency' : 'warning';
        for (const { thread, cache } of both) {
          const order = thread.order({ 0: owedBytes }, level);
          while (!isOrderDone(thread.words, 0, order)) cache.delete(-1); // it may come in slices
        }
        expect([...atOnce.cache.keys()]).toEqual([...oneByOne.cache.keys()]);
        expect(atOnce.registration.bytes).toBe([...atOnce.cache.values()].reduce((sum, bytes) => sum + bytes, 0));
        expect(atOnce.registration.bytes).toBeGreaterThanOrEqual(20_000);
      }
      expect(atOnce.registration.stats).toEqual(oneByOne.registration.stats);
      expect(atOnce.registration.stats.evictions.pressure).toBeGreaterThan(1000);
      expect(atOnce.registration.stats.regrets).toBeGreaterThan(1000);
    },
  );

  it('are no more than are needed, though each takes others with it', () => {
    const { thread, cache, registration } = cacheOf(SIZED, (_value, key) => {
      if (key < 1000) cache.delete(key + 1000);
    });
    for (let key = 0; key < 2000; key++) cache.set(key, 10);
    const order = thread.order({ 0: 1000 });
    cache.get(1999);
    expect(cache.size).toBe(1900);
    expect([cache.has(49), cache.has(50), cache.has(1049), cache.has(1050)]).toEqual([false, true, false, true]);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 1000, entries: 100, outcome: 'ok' });
    expect(registration.bytes).toBe(19_000);
  });

  it('are regretted when they are missed, and what stayed is not', () => {
    const { thread, cache, registration } = cacheOf(SIZED, null);
    for (let key = 0; key < 100; key++) cache.set(key, 10);
    thread.order({ 0: 500 });
    cache.get(99);
    for (let key = 0; key < 200; key++) cache.get(key);
    expect(registration.stats).toMatchObject({ regrets: 50, misses: 150, evictions: { pressure: 50 } });
  });

  it('are not regretted where a callback threw, and the entry stayed', () => {
    let isThrowing = true;
    const { thread, cache, registration } = cacheOf(SIZED, () => {
      if (isThrowing) throw new Error('not now');
    });
    for (let key = 0; key < 10; key++) cache.set(key, 10);
    const order = thread.order({ 0: 10 });
    cache.get(9);
    expect(thread.receipt(0, order)).toMatchObject({ outcome: 'threw' });
    isThrowing = false;
    cache.delete(0);
    cache.get(0);
    expect(registration.stats).toMatchObject({ regrets: 0, misses: 1 });
  });

  it('are no regrets for a callback that looks for them, but for the misses that follow', () => {
    const { thread, cache, registration } = cacheOf(SIZED, (_value, key) => cache.get(key));
    for (let key = 0; key < 10; key++) cache.set(key, 10);
    thread.order({ 0: 50 });
    cache.get(9);
    expect(registration.stats).toMatchObject({ regrets: 0 });
    for (let key = 0; key < 5; key++) cache.get(key);
    expect(registration.stats).toMatchObject({ regrets: 5 });
  });

  it('are no more than are needed where somebody has put his own pop over that of the class', () => {
    const barePop = Lru.prototype.pop;
    Lru.prototype.pop = function pop(this: LRUCache<number, number>) {
      this.get(0); // so another one goes than was next
      return barePop.call(this) as number | undefined;
    };
    try {
      const { thread, cache, registration } = cacheOf(SIZED, null);
      for (let key = 0; key < 50; key++) cache.set(key, key < 3 ? 10 : 1000);
      thread.order({ 0: 20 });
      cache.get(49);
      expect(registration.stats.evictions.pressure).toBe(2);
      expect(cache.has(0)).toBe(true);
    } finally {
      Lru.prototype.pop = barePop;
    }
  });

  it('leave the floor alone, and whatever would not fit above it', () => {
    const { thread, cache, registration } = cacheOf(SIZED, null, 600);
    for (let key = 0; key < 100; key++) cache.set(key, key === 40 ? 700 : 10);
    thread.order({ 0: 1000 });
    cache.get(99);
    expect(registration.bytes).toBe(1290);
    expect(cache.has(40)).toBe(true);
    expect(cache.has(39)).toBe(false);
  });
});
