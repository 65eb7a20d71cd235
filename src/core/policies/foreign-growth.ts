import type { PolicyInput } from '../eviction-policy.js';

/** How fast everything but the caches and their dead entries grows. Pure; fed with every sample. */
export interface ForeignGrowth {
  /** Bytes per second, >= 0. */
  next(input: PolicyInput): number;
}

export function createForeignGrowth(): ForeignGrowth {
  let lastMs = Number.NaN;
  let lastCacheBytes = 0;
  let lastEvictedBytes = 0;
  return {
    next({ nowMs, cacheBytes, evictedBytes, growthBytesPerSecond }) {
      const elapsedMs = nowMs - lastMs;
      const ownBytes = cacheBytes - lastCacheBytes + (evictedBytes - lastEvictedBytes);
      const ownGrowth = elapsedMs > 0 ? Math.max(0, (ownBytes / elapsedMs) * 1e3) : 0;
      lastMs = nowMs;
      lastCacheBytes = cacheBytes;
      lastEvictedBytes = evictedBytes;
      return Number.isNaN(elapsedMs) ? 0 : Math.max(0, growthBytesPerSecond - ownGrowth);
    },
  };
}
