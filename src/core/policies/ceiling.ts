import type { WatchedResource } from '../eviction-policy.js';
import { createRecentPeak } from './recent-peak.js';

/** A size that was too much is not tried again for so long, or until usage stayed so far below `warning` for the shorter time. */
const MEMORY_MS = 60_000;
const CLEAR_MS = 10_000;
const CLEAR_SHARE = 0.05;

/**
 * The size of the caches that was found to be too much for a resource. Usage swings with collections, and samples between two peaks do not tell
 * the next: without a memory the caches grow to the same size again and again, and have to give each time. Bytes; pure.
 */
export interface Ceiling {
  /** Usage passed its bound because the caches grew; with `fittingBytes` of them it would not have. */
  found(nowMs: number, fittingBytes: number): void;
  /** To be called with every sample. @param usedBytes as they count towards the bound. */
  add(nowMs: number, usedBytes: number, watched: WatchedResource): void;
  /** Joint bytes that the caches should not pass; Infinity: none is known. */
  readonly bytes: number;
}

export function createCeiling(): Ceiling {
  const peak = createRecentPeak(CLEAR_MS);
  let bytes = Number.POSITIVE_INFINITY;
  let foundMs = Number.NEGATIVE_INFINITY;

  return {
    found(nowMs, fittingBytes) {
      bytes = Math.min(bytes, Math.max(0, fittingBytes));
      foundMs = nowMs;
    },
    add(nowMs, usedBytes, { limitBytes, thresholds }) {
      peak.add(nowMs, usedBytes);
      const isClear = peak.value(nowMs) < (thresholds.warning - CLEAR_SHARE) * limitBytes;
      if (isClear || nowMs - foundMs > MEMORY_MS) bytes = Number.POSITIVE_INFINITY;
    },
    get bytes() {
      return bytes;
    },
  };
}
