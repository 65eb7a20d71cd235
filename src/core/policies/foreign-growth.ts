import type { PolicyInput } from '../eviction-policy.js';
import { SHORT_POINTS } from '../forecast.js';
import { createTrend } from '../trend.js';

/** How fast everything but the caches and their dead entries grows. Pure; fed with every sample. */
export interface ForeignGrowth {
  /** Bytes per second, >= 0. */
  next(input: PolicyInput): number;
}

/**
 * What a byte that the caches take in costs is learned in about so long, and not from one sample after a long pause. Usage that grows by more
 * than this many times what they take in is others' doing, and teaches nothing.
 */
const LEARNING_MS = 5000;
const MOST_LEARNED_MS = 100;
export const MOST_OWN_COST = 1.5;

export function createForeignGrowth(): ForeignGrowth {
  /** What the caches took in, over as many points as the growth of usage: threads tell of it in batches, so one pause says little. */
  const taken = createTrend(SHORT_POINTS);
  let lastMs = Number.NaN;
  /** Bytes of usage for each that the caches take in, at least 1: sizes are estimates, and what is not part of an entry dies with it. */
  let cost = 1;

  return {
    next({ nowMs, cacheBytes, evictedBytes, growthBytesPerSecond }) {
      const elapsedMs = nowMs - lastMs;
      if (elapsedMs <= 0) return 0;
      lastMs = nowMs;
      taken.add(nowMs, cacheBytes + evictedBytes);
      if (Number.isNaN(elapsedMs)) return 0;
      const ownGrowth = Math.max(0, taken.slopePerMs() * 1e3);
      if (growthBytesPerSecond > 0 && growthBytesPerSecond <= MOST_OWN_COST * ownGrowth) {
        const seenCost = Math.max(1, growthBytesPerSecond / ownGrowth);
        cost += (seenCost - cost) * (Math.min(elapsedMs, MOST_LEARNED_MS) / LEARNING_MS);
      }
      return Math.max(0, growthBytesPerSecond - cost * ownGrowth);
    },
  };
}
