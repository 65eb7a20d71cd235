import { MIB } from '../units.js';
import { createRecentPeak } from './recent-peak.js';

/**
 * What entries that were evicted are expected to hold at the most until they are collected and their pages are free, before it was seen:
 * V8 collects after 64 MiB of external memory, marks while more comes, and the allocator keeps some. Source: bench/squeeze, where
 * caches of static size peak 84 to 125 MiB above what they hold. Less of a small limit.
 */
const EXPECTED_BYTES = 120 * MIB;
const MOST_EXPECTED_SHARE = 0.3;

/** How long a peak is remembered, ms: several times the pause between two major collections of a busy heap. */
const MEMORY_MS = 2000;

/** With every `EXPECTED_BYTES` evicted, the expectation moves by this part of the way down to what is seen. */
const RELAX_SHARE = 0.125;

/** So much is added to a value to keep its lowest as the highest of the negated ones. */
const CEILING_BYTES = 2 ** 52;

/**
 * How far usage that no cache owns swings while entries come and go: evicted bytes stay resident until they are collected, so caches must end
 * below a threshold by as much. Pure; fed with every sample.
 */
export interface Swing {
  /** @param besideBytes usage without what the caches hold; `evictedBytes`: evicted since the start; `threads`: whose caches it is, each with a V8 of its own. */
  add(nowMs: number, besideBytes: number, evictedBytes: number, limitBytes: number, threads: number): void;
  /** Highest usage beside the caches to be reckoned with, bytes. @param deadBytes of the usage now that are known to be dead. */
  expectedPeakBytes(nowMs: number, deadBytes: number): number;
  /** The caches gave on purpose: the peaks before that mean nothing now. */
  forgetPeaks(): void;
}

export function createSwing(): Swing {
  let peak = createRecentPeak(MEMORY_MS);
  let negatedLow = createRecentPeak(MEMORY_MS);
  let expectedBytes = Number.NaN;
  let besideBytes = 0;
  let evictedBefore = 0;

  return {
    add(nowMs, beside, evictedBytes, limitBytes, threads) {
      const mostBytes = Math.min(threads * EXPECTED_BYTES, MOST_EXPECTED_SHARE * limitBytes);
      if (Number.isNaN(expectedBytes)) {
        expectedBytes = mostBytes;
        evictedBefore = evictedBytes;
      }
      besideBytes = beside;
      peak.add(nowMs, beside);
      negatedLow.add(nowMs, CEILING_BYTES - beside);
      const seenBytes = peak.value(nowMs) - (CEILING_BYTES - negatedLow.value(nowMs));
      const evidence = Math.min(1, (evictedBytes - evictedBefore) / EXPECTED_BYTES);
      evictedBefore = evictedBytes;
      if (evidence <= 0) return;
      if (seenBytes > expectedBytes) expectedBytes = Math.min(seenBytes, mostBytes);
      else expectedBytes += (seenBytes - expectedBytes) * RELAX_SHARE * evidence;
    },
    expectedPeakBytes(nowMs, deadBytes) {
      const restingBytes = Math.max(0, besideBytes - deadBytes);
      return Math.max(peak.value(nowMs), restingBytes + expectedBytes);
    },
    forgetPeaks() {
      peak = createRecentPeak(MEMORY_MS);
      negatedLow = createRecentPeak(MEMORY_MS);
    },
  };
}
