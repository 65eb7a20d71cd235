import { createRecentPeak } from '../recent-peak.js';

/**
 * A size that was too much is not tried again for so long, or until usage beside the caches is by so much of the limit lower than it was: others let
 * go of memory. That is told by its peaks, of several times the pause between two major collections of a busy heap, or at once by a fall of so much
 * more than it swings by.
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
  /**
   * To be called with every sample.
   * @param swingBytes by how much usage beside the caches is expected to swing.
   */
  add(nowMs: number, besideBytes: number, limitBytes: number, swingBytes: number): void;
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
    add(nowMs, besideBytes, limitBytes, swingBytes) {
      peak.add(nowMs, besideBytes);
      const clearBytes = foundBesideBytes - CLEAR_SHARE * limitBytes;
      const isClear = peak.value(nowMs) < clearBytes || besideBytes < clearBytes - swingBytes;
      if (isClear || nowMs - foundMs > MEMORY_MS) bytes = Number.POSITIVE_INFINITY;
    },
    get bytes() {
      return bytes;
    },
  };
}
