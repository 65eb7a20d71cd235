import { deepStrictEqual, strictEqual } from 'node:assert';
import type { CacheRegistration } from 'spillway';
import { LruModel } from './model.js';
import { createRandom } from './random.js';
import { type Cache, keyAt, sizeOf, valueAt, type WorkloadOptions } from './workload.js';

const CHECKED_OPERATIONS = 50_000;

/**
 * A contestant is timed only if it does what it should: every answer as the model's, and the same entries in the same order at the end.
 * @param registration of the cache, where it is registered: its counts must be those of the model too.
 */
export function checkContestant(cache: Cache, options: WorkloadOptions, registration: CacheRegistration | null): void {
  const random = createRandom(7);
  const model = new LruModel(cache, sizeOf);
  const counted = { hits: 0, misses: 0, puts: 0 };
  const before = registration?.stats;
  for (let index = 0; index < CHECKED_OPERATIONS; index++) {
    const key = keyAt(random, options);
    const dice = random();
    if (dice < 0.6) {
      const value = cache.get(key);
      strictEqual(value, model.get(key), `get(${key})`);
      if (value === undefined) counted.misses++;
      else counted.hits++;
    } else if (dice < 0.9) {
      strictEqual(cache.set(key, valueAt(index)), cache, 'set() answers with the cache');
      model.set(key, valueAt(index));
      counted.puts++;
    } else strictEqual(cache.delete(key), model.delete(key), `delete(${key})`);
  }
  deepStrictEqual([...cache.rentries()], [...model.entries.entries()]);
  if (registration === null || before === undefined) return;
  const { bytes, hits, misses, puts, evictions } = registration.stats;
  strictEqual(bytes, model.bytes);
  deepStrictEqual({ hits: hits - before.hits, misses: misses - before.misses, puts: puts - before.puts }, counted);
  strictEqual(evictions.own - before.evictions.own, model.evictions);
  strictEqual(evictions.pressure, 0);
}
