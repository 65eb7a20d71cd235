import { createRecentPeak } from '../recent-peak.js';

/**
 * A size that was too much is not tried again for so long, or until the peaks of usage beside the caches are by so much of the limit lower than
 * they were: others let go of memory. Peaks of several times the pause between two major collections of a busy heap.
 */
const MEMORY_MS = 60_000;
const CLEAR_MS = 2000;
const CLEAR_SHARE = 0.1;

/**
 * The size of the caches that was found to be too much for a resource. Usage swings with collections, and samples between two peaks do not tell
 * the next: without a memory the caches grow to the same size again and again, and have to give each time. Bytes; pure.
 */
export interface Ceiling {
  /** Usage passed its bound because the caches grew, with `besideBytes` beside them; with `fittingBytes` of them it would not have. */
  found(nowMs: number, fittingBytes: number, besideBytes: number): void;
  /** To be called with every sample. */
  add(nowMs: number, besideBytes: number, limitBytes: number): void;
  /** Joint bytes that the caches should not pass; Infinity: none is known. */
  readonly bytes: number;
}

export function createCeiling(): Ceiling {
  const peak = createRecentPeak(CLEAR_MS);
  let bytes = Number.POSITIVE_INFINITY;
  let foundMs = Number.NEGATIVE_INFINITY;
  let foundBesideBytes = 0;

  return {
    found(nowMs, fittingBytes, besideBytes) {
      foundBesideBytes = bytes < Number.POSITIVE_INFINITY ? Math.max(foundBesideBytes, besideBytes) : besideBytes;
      bytes = Math.min(bytes, Math.max(0, fittingBytes));
      foundMs = nowMs;
    },
    add(nowMs, besideBytes, limitBytes) {
      peak.add(nowMs, besideBytes);
      const isClear = peak.value(nowMs) < foundBesideBytes - CLEAR_SHARE * limitBytes;
      if (isClear || nowMs - foundMs > MEMORY_MS) bytes = Number.POSITIVE_INFINITY;
    },
    get bytes() {
      return bytes;
    },
  };
}
