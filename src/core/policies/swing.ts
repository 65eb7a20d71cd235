import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import type { Level } from '../level.js';
import { createRecentLow, createRecentPeak } from '../recent-peak.js';
import { MIB } from '../units.js';

/**
 * What entries that were evicted are expected to hold at the most until they are collected and their pages are free, before it was seen:
 * V8 collects after 64 MiB of external memory, marks while more comes, and the allocator keeps some. Source: bench/squeeze, where
 * caches of static size peak 84 to 125 MiB above what they hold. Less of a small limit.
 */
const EXPECTED_BYTES = 120 * MIB;
const MOST_EXPECTED_SHARE = 0.3;

/**
 * Where entries come and go more slowly than this, collections that are paced keep up with them, and twice the pace is the most that is dead.
 * Source: 24 MiB for each collection of 5 ms, at 1 to 3 % of wall time.
 */
const SLOW_BYTES_PER_SECOND = 64 * MIB;
const SLOW_EXPECTED_BYTES = 48 * MIB;
const MOST_SLOW_SHARE = 0.1;
const TURNOVER_MEMORY_MS = 10_000;

/** How long a peak is remembered, ms: several times the pause between two major collections of a busy heap. */
const MEMORY_MS = 2000;

/**
 * The expectation moves down to what is seen while entries are evicted: by so much of the way for this many bytes, and per second. It takes a
 * second to move half of the way: the highest of a few peaks is lower than the highest of a hundred.
 */
const RELAX_SHARE = 0.125;
const RELAX_BYTES = 120 * MIB;
const RELAX_SHARE_PER_SECOND = 0.1;
const MOST_RELAX_SHARE_PER_SECOND = 0.7;

/**
 * Where usage is back to normal for so long after the caches gave, or stays as long further below its peaks than it swings, by this share of the limit
 * and more, what it came to before means nothing: the caches would stay small for as long as peaks are remembered.
 */
const RELEASED_MS = 125;
const RELEASED_SHARE = 0.05;

/**
 * V8 lets a heap grow by a part of what lives in it before it collects: caches in it leave the less for that the smaller they are, and as if there
 * were always so much more in it, or this part of a small limit, for what dies young.
 */
const ALWAYS_LIVING_BYTES = 32 * MIB;
const ALWAYS_LIVING_SHARE = 1 / 16;

/**
 * How far usage that no cache owns swings while entries come and go: evicted bytes stay resident until they are collected, so caches must end
 * below a threshold by as much. Pure; fed with every sample.
 */
export interface Swing {
  /**
   * @param isInHeap the caches are in V8's heap.
   * @returns true when the peaks until now are of a time that is over: others let go of memory, or the caches gave and it is well.
   */
  add(input: PolicyInput, watched: WatchedResource, isInHeap: boolean): boolean;
  /** Highest usage beside the caches to be reckoned with, bytes. */
  expectedPeakBytes(nowMs: number): number;
  /** By how much usage beside the caches is expected to swing, bytes. */
  readonly bytes: number;
  /** The caches gave on purpose: the peaks before that mean nothing now. */
  gave(nowMs: number): void;
}

export function createSwing(): Swing {
  let peak = createRecentPeak(MEMORY_MS);
  let low = createRecentLow(MEMORY_MS);
  /** Of usage beside the caches and what is known to be dead: what is dead is freed, but its pages are often kept. */
  let resting = createRecentLow(MEMORY_MS);
  const turnover = createRecentPeak(TURNOVER_MEMORY_MS);
  /** When the caches gave last, as long as the peaks since then are of their giving; else -Infinity. */
  let gaveMs = Number.NEGATIVE_INFINITY;
  /** Since when the level is normal, and usage beside the caches too far below its peaks for a swing. */
  let normalMs = Number.POSITIVE_INFINITY;
  let lowMs = Number.POSITIVE_INFINITY;
  /** Expected when as much lived in the heap as `learnedAtBytes`; NaN there: it goes for any size. */
  let learnedBytes = Number.NaN;
  let learnedAtBytes = Number.NaN;
  /** What is expected now, by what lives in the heap. */
  let expectedBytes = Number.NaN;
  let slowBytes = 0;
  let before = { nowMs: 0, evictedBytes: 0, cacheBytes: 0 };

  /** What was learned, or assumed, for what lives in the heap now. @param livingBytes NaN: the caches are not in it. */
  function expect(livingBytes: number, mostBytes: number): void {
    const scale = livingBytes / learnedAtBytes;
    expectedBytes = Number.isNaN(scale) ? learnedBytes : Math.min(mostBytes, learnedBytes * scale);
  }

  /** Moves the expectation by what was seen, where `newBytes` were evicted since the last sample. @returns whether it did. */
  function learn(nowMs: number, newBytes: number, mostBytes: number): boolean {
    const seenBytes = peak.value(nowMs) - low.value(nowMs);
    if (seenBytes > expectedBytes) {
      if (gaveMs !== Number.NEGATIVE_INFINITY) return false;
      expectedBytes = Math.min(seenBytes, mostBytes);
      return true;
    }
    const seconds = (nowMs - before.nowMs) / 1e3;
    const share = RELAX_SHARE * (newBytes / RELAX_BYTES) + RELAX_SHARE_PER_SECOND * seconds;
    expectedBytes += (seenBytes - expectedBytes) * Math.min(RELAX_SHARE, share, MOST_RELAX_SHARE_PER_SECOND * seconds);
    return true;
  }

  function forgetPeaks(): void {
    peak = createRecentPeak(MEMORY_MS);
    low = createRecentLow(MEMORY_MS);
    resting = createRecentLow(MEMORY_MS);
  }

  /** Whether the peaks that are remembered are of a time that is over. */
  function isReleased(nowMs: number, level: Level, besideBytes: number, limitBytes: number): boolean {
    const isLow = besideBytes < peak.value(nowMs) - expectedBytes - RELEASED_SHARE * limitBytes;
    normalMs = level === 'normal' ? Math.min(normalMs, nowMs) : Number.POSITIVE_INFINITY;
    lowMs = level === 'normal' && isLow ? Math.min(lowMs, nowMs) : Number.POSITIVE_INFINITY;
    if (nowMs - gaveMs > MEMORY_MS) gaveMs = Number.NEGATIVE_INFINITY;
    const sinceMs = gaveMs === Number.NEGATIVE_INFINITY ? lowMs : Math.max(gaveMs, normalMs);
    return nowMs - sinceMs >= RELEASED_MS;
  }

  return {
    add(input, { usedBytes, limitBytes }, isInHeap) {
      const { nowMs, level, cacheBytes, evictedBytes, uncollectedBytes, threads } = input;
      const mostBytes = Math.min(threads * EXPECTED_BYTES, MOST_EXPECTED_SHARE * limitBytes);
      slowBytes = Math.min(threads * SLOW_EXPECTED_BYTES, MOST_SLOW_SHARE * limitBytes);
      const alwaysBytes = Math.min(ALWAYS_LIVING_BYTES, ALWAYS_LIVING_SHARE * limitBytes);
      const livingBytes = isInHeap ? cacheBytes + alwaysBytes : Number.NaN;
      const isFirst = Number.isNaN(learnedBytes);
      if (isFirst) learnedBytes = mostBytes;
      expect(livingBytes, mostBytes);
      const besideBytes = Math.max(0, usedBytes - cacheBytes);
      const released = isReleased(nowMs, level, besideBytes, limitBytes);
      if (released) {
        if (gaveMs === Number.NEGATIVE_INFINITY) {
          [learnedBytes, learnedAtBytes] = [mostBytes, Number.NaN];
          expectedBytes = mostBytes;
        }
        gaveMs = Number.NEGATIVE_INFINITY;
        forgetPeaks();
      }
      peak.add(nowMs, besideBytes);
      low.add(nowMs, besideBytes);
      resting.add(nowMs, Math.max(0, besideBytes - uncollectedBytes));
      if (!isFirst) {
        const newBytes = evictedBytes - before.evictedBytes;
        const comeAndGoneBytes = newBytes + Math.max(0, cacheBytes - before.cacheBytes);
        if (nowMs > before.nowMs) turnover.add(nowMs, (comeAndGoneBytes / (nowMs - before.nowMs)) * 1e3);
        if (newBytes > 0 && learn(nowMs, newBytes, mostBytes)) {
          [learnedBytes, learnedAtBytes] = [expectedBytes, livingBytes];
        }
      }
      before = { nowMs, evictedBytes, cacheBytes };
      return released;
    },
    expectedPeakBytes(nowMs) {
      const isSlow = turnover.value(nowMs) < SLOW_BYTES_PER_SECOND;
      const swingBytes = isSlow ? Math.min(slowBytes, expectedBytes) : expectedBytes;
      return Math.max(peak.value(nowMs), resting.value(nowMs) + swingBytes);
    },
    get bytes() {
      return expectedBytes;
    },
    gave(nowMs) {
      gaveMs = nowMs;
      forgetPeaks();
    },
  };
}
