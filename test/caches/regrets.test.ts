import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, it } from 'vitest';
import { type PressureRuntime, type RegistrableCache, startPressureRuntime } from '#src/index.js';

let pressure: PressureRuntime | null = null;
afterEach(() => pressure?.stop());

/** Keeps the exact books: every key that an eviction for pressure took, and every miss on one of them. */
class ExactCount {
  readonly #present: () => Set<string>;
  readonly #evicted = new Set<string>();
  regrets = 0;
  misses = 0;

  constructor(present: () => Set<string>) {
    this.#present = present;
  }

  async around(evict: () => Promise<unknown>): Promise<void> {
    const before = this.#present();
    await evict();
    const after = this.#present();
    for (const key of before) if (!after.has(key)) this.#evicted.add(key);
  }

  missed(key: string): void {
    this.misses++;
    if (this.#evicted.delete(key)) this.regrets++;
  }
}

const ENTRY_BYTES = 1024;
const KEYS = 4000;

const KINDS = {
  'an LRUCache that knows sizes': () =>
    new LRUCache<string, Buffer>({ maxSize: 64 * 2 ** 20, sizeCalculation: (v) => v.length }),
  'an LRUCache without sizes': () => new LRUCache<string, Buffer>({ max: 100_000 }),
  'a Map': () => new Map<string, Buffer>(),
};

describe.each(Object.entries(KINDS))('regrets of %s', (_, make) => {
  async function start() {
    pressure = await startPressureRuntime({ autoEviction: false, collectGarbage: 'never' });
    const cache: RegistrableCache<string, Buffer> & { keys(): Iterable<string> } = make();
    const registration = pressure.register(cache, { name: 'frame' });
    const exact = new ExactCount(() => new Set(cache.keys()));
    const use = (key: string) => {
      if (cache.get(key) !== undefined) return;
      exact.missed(key);
      cache.set(key, Buffer.alloc(ENTRY_BYTES));
    };
    const evict = (share: number) => {
      const bytes = registration.bytes * share;
      return exact.around(async () => pressure?.evict(bytes));
    };
    return { registration, exact, use, evict };
  }

  it('are within 5 % of an exact count when what was evicted is needed next', async () => {
    const { registration, exact, use, evict } = await start();
    for (let round = 0; round < 5; round++) {
      for (let key = 0; key < KEYS; key++) use(`frame:${key}`);
      await evict(0.5);
    }
    for (let key = 0; key < KEYS; key++) use(`frame:${key}`);
    expect(exact.regrets).toBeGreaterThan(KEYS);
    expect(Math.abs(registration.stats.regrets - exact.regrets)).toBeLessThanOrEqual(exact.regrets * 0.05);
  });

  it('are under 1 % of the misses when nothing evicted ever returns', async () => {
    const { registration, exact, use, evict } = await start();
    for (let round = 0; round < 10; round++) {
      for (let key = 0; key < KEYS; key++) use(`round ${round}, frame ${key}`);
      await evict(0.5);
    }
    expect(exact.regrets).toBe(0);
    expect(registration.stats.regrets).toBeLessThan(exact.misses * 0.01);
    expect(registration.stats.misses).toBe(exact.misses);
  });
});

describe('evictions by reason', () => {
  it('count what the own limit of an LRUCache dropped, apart from what pressure did', async () => {
    pressure = await startPressureRuntime({ autoEviction: false });
    const cache = new LRUCache<number, string>({ maxSize: 100, sizeCalculation: () => 1 });
    const { stats } = pressure.register(cache, { name: 'small' });
    expect(stats.evictions).toEqual({ own: 0, pressure: 0 });
    for (let key = 0; key < 50; key++) cache.set(key, 'x');
    for (let key = 0; key < 50; key++) cache.set(key, 'replaced while there is room');
    for (let key = 50; key < 150; key++) cache.set(key, 'x');
    for (let key = 100; key < 150; key++) cache.set(key, 'replaced');
    await pressure.evict(30);
    const [small] = pressure.statistics().caches;
    expect(small?.evictions).toEqual({ own: 50, pressure: 30 });
  });
});
