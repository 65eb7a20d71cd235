/**
 * What a thread of the pool does: keeps a cache that alone would fill the limit, and works through it. The cache outlives the task, as
 * caches in a pool do. Protected where it was handed the handle of a runtime, and otherwise exactly the same.
 */
import { LRUCache } from 'lru-cache';
import { workerData } from 'piscina';
import { attachPressureRuntime, type PressureHandle } from '../../src/index.js';

/** What every thread of the pool is started with. */
export interface PoolThreadData {
  readonly handle: PressureHandle | null;
  readonly material: Material;
  /** What the thread's cache may hold, bytes; null: as good as all there is. */
  readonly maxBytes: number | null;
  /** What a miss costs beside its allocation, µs. */
  readonly missUs: number;
}

/** `buffers`: memory outside V8's heap, against the limit of the group. `objects`: on the heap, against the limit of the thread. */
export type Material = 'buffers' | 'objects';

export interface PoolTask {
  readonly seed: number;
  readonly puts: number;
}

export interface PoolTaskResult {
  readonly hits: number;
  readonly misses: number;
  /** Bytes that the thread's cache holds at the end of the task. */
  readonly heldBytes: number;
}

const ENTRY_BYTES = 128 * 1024;

/** Keys per thread: 1.25 GiB if all were held. */
const KEYS = 10_000;

/** lru-cache wants some limit; this one is never met. */
const UNREACHABLE_BYTES = 2 ** 40;

const { handle, material, maxBytes, missUs } = workerData as PoolThreadData;
const cache = new LRUCache<number, object>({
  maxSize: maxBytes ?? UNREACHABLE_BYTES,
  sizeCalculation: () => ENTRY_BYTES,
});
if (handle !== null) attachPressureRuntime(handle).register<number, object>(cache, { name: 'frame', priority: 10 });

export default function work({ seed, puts }: PoolTask): PoolTaskResult {
  let state = seed | 1;
  let hits = 0;
  for (let index = 0; index < puts; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const share = (state >>> 0) / 2 ** 32;
    const key = Math.floor(share * share * KEYS); // some are wanted more often than others
    if (cache.get(key) !== undefined) hits++;
    else cache.set(key, make(key));
  }
  return { hits, misses: puts - hits, heldBytes: cache.calculatedSize };
}

function make(key: number): object {
  const endMs = performance.now() + missUs / 1e3;
  const value = material === 'buffers' ? Buffer.alloc(ENTRY_BYTES, key) : new Array(ENTRY_BYTES / 8).fill(key + 0.5);
  while (performance.now() < endMs);
  return value;
}
