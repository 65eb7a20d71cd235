import { LRUCache } from 'lru-cache';
import { createRandom, type Random } from './random.js';

export type Key = string | number;
export interface Value {
  readonly bytes: number;
}
export type Cache = LRUCache<Key, Value>;

/** Entries that all caches of a contestant hold together. */
const ENTRIES = 10_000;
const MEAN_BYTES = 1000;

/** Keys over entries held: there are more keys than room, so a put may evict, as in a cache that has been up for a while. */
const KEYS_PER_ENTRY = 1.25;

/** Operations in one run of a body: the call of the body itself vanishes beside them. */
export const BLOCK = 4096;

/** A sequence is longer than a block, so that no run repeats the one before it. */
const SEQUENCE = 16 * BLOCK;

/** Values of many sizes: every put changes what the cache holds. */
const VALUES: readonly Value[] = Array.from({ length: 256 }, (_, index) => ({ bytes: MEAN_BYTES - 128 + index }));

export interface WorkloadOptions {
  readonly caches: number;
  readonly keys: 'strings' | 'integers';
  /** What an LRUCache is limited by: the sum of sizes, which it keeps itself then, or the number of entries. */
  readonly limit: 'maxSize' | 'max';
}

export const OPERATIONS = ['get', 'miss', 'set', 'mixed'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A key, and the cache that it belongs to. */
interface Step {
  readonly key: Key;
  readonly cache: Cache;
}

export function sizeOf({ bytes }: Value): number {
  return bytes;
}

export function valueAt(index: number): Value {
  return VALUES[index % VALUES.length] ?? { bytes: MEAN_BYTES };
}

/** One of all keys of a workload. */
export function keyAt(random: Random, { keys }: WorkloadOptions): Key {
  const number = Math.floor(random() * ENTRIES * KEYS_PER_ENTRY);
  return keys === 'integers' ? number : `frame:${number}`;
}

/** A contestant's caches, empty. */
export function createCaches({ caches, limit }: WorkloadOptions): Cache[] {
  const entries = Math.floor(ENTRIES / caches);
  return Array.from({ length: caches }, () =>
    limit === 'max'
      ? new LRUCache<Key, Value>({ max: entries })
      : new LRUCache<Key, Value>({ maxSize: entries * MEAN_BYTES, sizeCalculation: sizeOf }),
  );
}

/** What is timed: each call is a block of operations. The caches are full between any two of them. */
export function createBodies(caches: readonly Cache[], options: WorkloadOptions): Record<Operation, () => void> {
  const random = createRandom(1);
  const steps = Array.from({ length: SEQUENCE }, () => stepOf(keyAt(random, options), caches));
  for (const [index, { cache, key }] of steps.entries()) cache.set(key, valueAt(index));
  const held = steps.filter(({ cache, key }) => cache.has(key));
  const present = Array.from({ length: SEQUENCE }, (_, index) => held[index % held.length] ?? steps[index]);
  const absent = Array.from({ length: SEQUENCE }, (_, index) => stepOf(absentKey(index, options), caches));
  let start = 0;
  const nextBlock = () => {
    start = (start + BLOCK) % SEQUENCE;
    return start;
  };
  return {
    get() {
      for (let index = nextBlock(), end = index + BLOCK; index < end; index++) {
        const step = present[index];
        step?.cache.get(step.key);
      }
    },
    miss() {
      for (let index = nextBlock(), end = index + BLOCK; index < end; index++) {
        const step = absent[index];
        step?.cache.get(step.key);
      }
    },
    set() {
      for (let index = nextBlock(), end = index + BLOCK; index < end; index++) {
        const step = steps[index];
        step?.cache.set(step.key, valueAt(index * 7));
      }
    },
    /** Read-through: what is not there is put. */
    mixed() {
      for (let index = nextBlock(), end = index + BLOCK; index < end; index++) {
        const step = steps[index];
        if (step?.cache.get(step.key) === undefined) step?.cache.set(step.key, valueAt(index * 7));
      }
    },
  };
}

function stepOf(key: Key, caches: readonly Cache[]): Step {
  const number = typeof key === 'number' ? key : Number(key.slice(key.indexOf(':') + 1));
  const cache = caches[number % caches.length];
  if (cache === undefined) throw new RangeError('A contestant needs at least one cache');
  return { key, cache };
}

/** A key that no workload puts. */
function absentKey(index: number, { keys }: WorkloadOptions): Key {
  const number = ENTRIES * KEYS_PER_ENTRY + index;
  return keys === 'integers' ? number : `frame:${number}`;
}
