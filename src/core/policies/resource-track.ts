import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { createRecentPeak, type RecentPeak } from '../recent-peak.js';
import { MIB } from '../units.js';
import { type Ceiling, createCeiling } from './ceiling.js';
import { createLastCollection, type LastCollection } from './last-collection.js';
import { createSwing, type Swing } from './swing.js';

/** Share of the limit by which peaks stay below `critical`, and by which usage must pass a plateau to count as growth. */
const MARGIN_SHARE = 0.01;

/**
 * Share of the limit by which peaks stay below `critical` where it is the caches that grow: usage creeps for seconds after they reached a size, and
 * jumps by this much when a collection comes late. Source: bench/squeeze.
 */
const CREEP_SHARE = 0.02;

/** How long peaks are remembered: several times the pause between two major collections of a busy heap. */
const PEAK_MEMORY_MS = 2000;

/**
 * Relief must show within this time, or what was paid stays paid: ten times the pause between two major collections of a heap under
 * heavy turnover.
 */
const RELIEF_MS = 300;

/**
 * Bytes of usage that a byte of cache costs: at the most that is believed (sizes are estimates, and growth has its own garbage), and
 * at the least in the heap, which Buffers hardly touch. Elsewhere no cache is free of charge, even if it grows into pages that are kept: they
 * are not kept for ever.
 */
const MOST_COST = 4;
const LEAST_HEAP_COST = 1 / 8;

/**
 * The cost is measured anew whenever the caches grew by this much, unless others did meanwhile. Where dead entries count as used, usage may have risen by its
 * swing alone, which would look like a cost of several bytes: so until they grew by as much, only what is beyond it makes the cost higher.
 */
const COST_STEP_BYTES = 8 * MIB;

/** Caches that take longer for that raise no cost outside of the heap: too much else happens meanwhile. */
const MOST_COST_STEP_MS = 1000;

/**
 * Share of V8's heap up to which caches in it grow, also where `warning` is higher. V8 lets a heap grow half way from what lives to the limit before it
 * collects, so for each byte that is allocated 5 are marked at 0.7, and 11 at 0.85; and where collections take most of the time, it aborts from 0.8
 * on. Source: bench/squeeze with objects.
 */
const MOST_HEAP_SHARE = 0.7;

/** Caches that cost the heap less than this part of their bytes are not in it. */
const IN_HEAP_COST = 0.5;

/** What the adaptive policy remembers of one resource. Bytes. */
export interface ResourceTrack {
  readonly peak: RecentPeak;
  readonly swing: Swing;
  readonly ceiling: Ceiling;
  readonly lastCollection: LastCollection;
  /** Usage without what is known to be dead, where the resource would be freed of it before it kills. */
  readonly effectiveBytes: number;
  /** What a byte of cache costs in this resource, learned while the caches grow. */
  readonly costRatio: number;
  /** Usage up to which the caches have paid; never below the target. */
  readonly paidBytes: number;
  /** Whether the reading was taken after the last payment: an older one knows nothing of it. */
  readonly isFresh: boolean;
  /** The caches pay for usage up to `bytes`. */
  pay(nowMs: number, bytes: number): void;
  /** @param areInHeap the caches are in V8's heap. */
  add(input: PolicyInput, watched: WatchedResource, areInHeap: boolean): void;
}

export function createResourceTrack(): ResourceTrack {
  let peak = createRecentPeak(PEAK_MEMORY_MS);
  const swing = createSwing();
  const ceiling = createCeiling();
  const lastCollection = createLastCollection();
  const reliefPeak = createRecentPeak(RELIEF_MS);
  let effectiveBytes = 0;
  let paidBytes = 0;
  let paidMs = Number.NEGATIVE_INFINITY;
  let readMs = 0;
  let lastUsed = Number.POSITIVE_INFINITY;
  let lastTaken = 0;
  let costRatio = 1;
  /** Where the caches grow from: the first reading, then every `COST_STEP_BYTES`; when that was, and what others grew by since. */
  let costUsed = Number.NaN;
  let costCache = Number.NaN;
  let costForeign = 0;
  let costMs = Number.NaN;

  /** @param swingBytes so much usage may have risen without a byte of cache; 0 in the heap, where what is dead does not count. */
  function learnCost(nowMs: number, cacheBytes: number, leastCost: number, swingBytes: number): void {
    const grownBytes = cacheBytes - costCache;
    const isForeign = costForeign > COST_STEP_BYTES;
    if (grownBytes >= 0 && grownBytes < COST_STEP_BYTES && !isForeign) return;
    if (grownBytes > 0 && !isForeign) {
      const seenCost = Math.min(MOST_COST, Math.max(leastCost, (effectiveBytes - costUsed) / grownBytes));
      const isSlow = swingBytes > 0 && nowMs - costMs > MOST_COST_STEP_MS * (grownBytes / COST_STEP_BYTES);
      if (seenCost > costRatio && grownBytes < swingBytes && !isSlow) {
        const beyondSwing = (effectiveBytes - costUsed - swingBytes) / grownBytes;
        costRatio = Math.max(costRatio, Math.min(MOST_COST, beyondSwing));
        return;
      }
      if (seenCost <= costRatio || !isSlow) costRatio = seenCost;
    }
    costUsed = effectiveBytes;
    costCache = cacheBytes;
    costForeign = 0;
    costMs = nowMs;
  }

  return {
    get peak() {
      return peak;
    },
    swing,
    ceiling,
    lastCollection,
    get effectiveBytes() {
      return effectiveBytes;
    },
    get costRatio() {
      return costRatio;
    },
    get paidBytes() {
      return paidBytes;
    },
    get isFresh() {
      return readMs > paidMs;
    },
    pay(nowMs, bytes) {
      paidBytes = bytes;
      paidMs = nowMs;
      reliefPeak.add(nowMs, bytes);
    },
    add(input, watched, areInHeap) {
      const { nowMs, cacheBytes, uncollectedBytes, evictedBytes } = input;
      const { resource, usedBytes, limitBytes } = watched;
      readMs = watched.readUs / 1e3;
      lastCollection.add(nowMs, input.collections, usedBytes);
      // V8 always collects before it gives up, so what is dead in its heap kills nobody
      effectiveBytes = resource === 'heap' ? Math.max(0, usedBytes - uncollectedBytes) : usedBytes;
      // what the caches took in may cost so much: what is beyond that is surely the doing of others
      const tookBytes = Math.max(0, cacheBytes + evictedBytes - lastTaken);
      costForeign += Math.max(0, effectiveBytes - lastUsed - MOST_COST * tookBytes);
      [lastUsed, lastTaken] = [effectiveBytes, cacheBytes + evictedBytes];
      if (swing.add(input, watched, areInHeap)) peak = createRecentPeak(PEAK_MEMORY_MS);
      peak.add(nowMs, effectiveBytes);
      reliefPeak.add(nowMs, effectiveBytes);
      ceiling.add(nowMs, Math.max(0, effectiveBytes - cacheBytes), limitBytes, swing.bytes);
      if (resource === 'heap') learnCost(nowMs, cacheBytes, LEAST_HEAP_COST, 0);
      else learnCost(nowMs, cacheBytes, 1, swing.bytes);
      const targetBytes = peakBoundBytes(watched);
      const recentBytes = reliefPeak.value(nowMs) + MARGIN_SHARE * limitBytes;
      paidBytes = Math.max(targetBytes, Math.min(paidBytes, recentBytes));
    },
  };
}

/** The peaks of usage are to stay below this. Bytes. Pure. */
export function peakBoundBytes({ thresholds, limitBytes }: WatchedResource): number {
  return (thresholds.critical - MARGIN_SHARE) * limitBytes;
}

/** Growth of the caches leaves the peaks of usage below this. Bytes. Pure. */
export function growthPeakBytes({ thresholds, limitBytes }: WatchedResource): number {
  return (thresholds.critical - CREEP_SHARE) * limitBytes;
}

/**
 * The use of V8's heap up to which the caches may grow. What the program itself holds there counts as half: however much that is, caches may have half of
 * the room that it leaves below `warning`. Bytes. Pure.
 * @param costRatio of `ResourceTrack`, for the heap.
 */
export function heapBoundBytes(
  { thresholds, limitBytes, usedBytes }: WatchedResource,
  cacheBytes: number,
  costRatio: number,
): number {
  const warningBytes = thresholds.warning * limitBytes;
  if (costRatio < IN_HEAP_COST) return warningBytes;
  const ownBytes = Math.max(0, usedBytes - cacheBytes);
  return Math.min(warningBytes, Math.max(MOST_HEAP_SHARE * limitBytes, (ownBytes + warningBytes) / 2));
}
