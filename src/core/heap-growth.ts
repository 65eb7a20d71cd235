import { MIB } from './units.js';

/** What V8 lets gather of Buffers before it begins to collect, whatever the heap. Source: `kExternalAllocationSoftLimit` in V8's heap. */
const MOST_GARBAGE_BYTES = 64 * MIB;

/** Of the least limit: garbage of all threads together, so that a small container does not fill with it. */
const GARBAGE_SHARE = 1 / 8;

/** The heap must at least double by it, to begin with: V8's own growth is of that order, and larger heaps are what it was made for. */
const LEAST_PERCENT = 100;
const LEAST_KEPT_PERCENT = 70;

/** At least this share of what is outside of V8 is in caches: other Buffers stay or go by themselves, and small objects beside them need V8's care. */
const CACHED_SHARE = 0.5;

/** Says that V8 goes by its own. */
export const V8_OWN_GROWTH = 0;

/** The heaps of a process. Bytes. */
export interface HeapsView {
  readonly threads: number;
  /** What lives in the largest heap. */
  readonly livingBytes: number;
  /** Whether heaps may grow by more than V8 thinks best already. */
  readonly isGrown: boolean;
  /** Memory outside of V8 that all heaps hold on to: Buffers above all. */
  readonly externalBytes: number;
  /** What the caches hold. */
  readonly cacheBytes: number;
  /** The least limit of what all threads share; Infinity: none. */
  readonly limitBytes: number;
}

/**
 * By how much a heap may grow between two collections, percent of what lived after the last; `V8_OWN_GROWTH` where V8 knows better. V8 goes by
 * what lives in the heap and how fast the program allocates there, which with Buffers is little, but counts the Buffers that come: a cache of 225 MiB
 * of Buffers, text and objects beside a heap of 17 MiB was collected for every 20 MiB put, and marking hardly ever stopped. The room for garbage that is
 * given here is what V8 itself gives Buffers otherwise, split among the threads. Source: bench/squeeze, mixed and 4 KiB. Pure.
 */
export function heapGrowthPercent(heaps: HeapsView): number {
  const { threads, livingBytes, isGrown, externalBytes, cacheBytes, limitBytes } = heaps;
  const garbageBytes = Math.min(MOST_GARBAGE_BYTES, GARBAGE_SHARE * limitBytes) / Math.max(1, threads);
  const isOfCaches = cacheBytes >= CACHED_SHARE * externalBytes;
  const isMadeOfBuffers = isOfCaches && externalBytes >= 2 * livingBytes && externalBytes >= garbageBytes;
  if (livingBytes <= 0 || !isMadeOfBuffers) return V8_OWN_GROWTH;
  const percent = (100 * garbageBytes) / livingBytes;
  return percent < (isGrown ? LEAST_KEPT_PERCENT : LEAST_PERCENT) ? V8_OWN_GROWTH : Math.round(percent);
}
