import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { PolicyInput } from '#src/core/eviction-policy.js';
import type { Level } from '#src/core/level.js';
import { createSwing, type Swing } from '#src/core/policies/swing.js';
import { MIB } from '#src/core/units.js';

const LIMIT = 1000 * MIB;

describe('what entries that were evicted are expected to hold', () => {
  let swing: Swing;
  beforeEach(() => {
    swing = createSwing();
  });

  /** A sample with so much used beside caches of `cacheBytes`. */
  function sampled(
    nowMs: number,
    besideBytes: number,
    {
      cacheBytes = 0,
      evictedBytes = 0,
      uncollectedBytes = 0,
      limitBytes = LIMIT,
      threads = 1,
      level = 'normal' as Level,
      isInHeap = false,
    } = {},
  ): boolean {
    const watched = {
      resource: 'container' as const,
      known: true,
      readUs: nowMs * 1e3,
      usedBytes: besideBytes + cacheBytes,
      limitBytes,
      thresholds: DEFAULT_THRESHOLDS,
      enableDelta: DEFAULT_ENABLE_DELTA,
    };
    const input: PolicyInput = {
      nowMs,
      level,
      cause: null,
      resources: [watched],
      binding: watched,
      rssBytes: watched.usedBytes,
      cacheBytes,
      evictableBytes: cacheBytes,
      meanBufferBytes: 0,
      externalBytes: 0,
      threads,
      growthBytesPerSecond: 0,
      uncollectedBytes,
      evictedBytes,
      collections: 0,
      collectionSeconds: 0,
      retainedBytes: 0,
      returnableBytes: 0,
      roundActive: false,
    };
    return swing.add(input, watched, isInHeap);
  }

  /** A cache that fills with 1 GiB/s. */
  function filledFast(
    besideBytes: number,
    options: { uncollectedBytes?: number; limitBytes?: number; threads?: number } = {},
  ): void {
    sampled(0, besideBytes, options);
    sampled(100, besideBytes, { cacheBytes: 100 * MIB, ...options });
  }

  it('is 120 MiB before anything was seen, and less of a small limit', () => {
    filledFast(50 * MIB);
    expect(swing.expectedPeakBytes(100)).toBe(170 * MIB);
    swing = createSwing();
    filledFast(50 * MIB, { limitBytes: 100 * MIB });
    expect(swing.expectedPeakBytes(100)).toBe(80 * MIB);
  });

  it('is as much for each thread, within the same share of the limit', () => {
    filledFast(0, { threads: 2 });
    expect(swing.expectedPeakBytes(100)).toBe(240 * MIB);
    swing = createSwing();
    filledFast(0, { threads: 8 });
    expect(swing.expectedPeakBytes(100)).toBe(300 * MIB);
  });

  it('is twice the pace of collections where entries come and go slowly', () => {
    for (let ms = 0; ms < 1000; ms += 100) sampled(ms, 50 * MIB, { cacheBytes: ms * 0.05 * MIB });
    expect(swing.expectedPeakBytes(900)).toBe(98 * MIB);
  });

  it('comes down to what is seen while entries are evicted', () => {
    let evictedBytes = 0;
    let peakBytes = 0;
    for (let ms = 0; ms < 20_000; ms += 100) {
      evictedBytes += 100 * MIB;
      const uncollectedBytes = ((ms % 400) / 10) * MIB;
      sampled(ms, 50 * MIB + uncollectedBytes, { evictedBytes, uncollectedBytes });
      peakBytes = swing.expectedPeakBytes(ms);
    }
    expect(peakBytes).toBeGreaterThanOrEqual(80 * MIB);
    expect(peakBytes).toBeLessThan(85 * MIB);
  });

  it('is the highest of the last two seconds where that is more, until the caches give on purpose', () => {
    filledFast(400 * MIB);
    sampled(1000, 50 * MIB, { cacheBytes: 100 * MIB });
    expect(swing.expectedPeakBytes(1000)).toBe(400 * MIB);
    swing.gave(1000);
    sampled(1100, 50 * MIB, { cacheBytes: 100 * MIB });
    expect(swing.expectedPeakBytes(1100)).toBe(170 * MIB);
  });

  /** Samples every 50 ms, the last one at `endMs`. @returns when the peaks were said to be of a time that is over. */
  function released(startMs: number, endMs: number, besideBytes: number, level: Level = 'normal'): number[] {
    const atMs = Array.from({ length: (endMs - startMs) / 50 + 1 }, (_, index) => startMs + index * 50);
    return atMs.filter((nowMs) => sampled(nowMs, besideBytes, { cacheBytes: 100 * MIB, level }));
  }

  it('forgets what others held once they let go of more than usage swings by, and reckons as at the start', () => {
    filledFast(400 * MIB);
    expect(released(150, 250, 200 * MIB), 'not before an eighth of a second').toEqual([]);
    expect(swing.expectedPeakBytes(250)).toBe(400 * MIB);
    expect(released(300, 500, 200 * MIB)).toEqual([300]);
    expect(swing.expectedPeakBytes(500)).toBe(320 * MIB);
  });

  it('does not take a swing for what others let go, nor a fall under pressure', () => {
    filledFast(400 * MIB);
    expect(released(150, 1000, 240 * MIB), 'by 160 MiB, of which 120 are expected and 50 of the limit').toEqual([]);
    swing = createSwing();
    filledFast(400 * MIB);
    expect(released(150, 1000, 200 * MIB, 'warning')).toEqual([]);
  });

  it('forgets the peaks of a round once usage is back to normal, and takes none of them for a swing', () => {
    for (let ms = 0; ms < 20_000; ms += 100) sampled(ms, 50 * MIB, { evictedBytes: ms * MIB });
    swing.gave(20_000);
    sampled(20_000, 400 * MIB, { evictedBytes: 20_000 * MIB, level: 'critical' });
    sampled(20_050, 50 * MIB, { evictedBytes: 20_100 * MIB });
    expect(swing.bytes).toBeLessThan(MIB);
    expect(released(20_100, 20_400, 50 * MIB)).toEqual([20_200]);
    expect(swing.expectedPeakBytes(20_400)).toBeLessThan(51 * MIB);
  });

  it('does not count twice what is known to be dead', () => {
    filledFast(150 * MIB, { uncollectedBytes: 100 * MIB });
    expect(swing.expectedPeakBytes(100)).toBe(170 * MIB);
  });

  it('does not come down by more than the time allows, however much is evicted', () => {
    for (let ms = 0; ms <= 1000; ms += 100) sampled(ms, 50 * MIB, { evictedBytes: ms * 10 * MIB });
    expect(swing.expectedPeakBytes(1000)).toBeGreaterThan(100 * MIB); // of 170 MiB; all is evicted eighty times over
  });

  it('does not take pages that are kept after a collection for new usage', () => {
    filledFast(150 * MIB, { uncollectedBytes: 100 * MIB });
    sampled(200, 150 * MIB, { cacheBytes: 200 * MIB });
    expect(swing.expectedPeakBytes(200)).toBe(170 * MIB);
  });

  /** Evicts for 20 s, by which 80 MiB are dead at the most, and learns that. */
  function taught(cacheBytes: number, isInHeap: boolean): void {
    for (let ms = 0; ms < 20_000; ms += 100) {
      const uncollectedBytes = ((ms % 500) / 5) * MIB;
      sampled(ms, 50 * MIB + uncollectedBytes, { cacheBytes, evictedBytes: ms * MIB, uncollectedBytes, isInHeap });
    }
    expect(swing.bytes).toBeGreaterThan(78 * MIB);
    expect(swing.bytes).toBeLessThan(85 * MIB);
  }

  it('follows the size of caches that are in the heap, once it was learned, with some that always lives there', () => {
    taught(168 * MIB, true);
    const learnedBytes = swing.bytes;
    sampled(20_000, 50 * MIB, { cacheBytes: 18 * MIB, evictedBytes: 19_900 * MIB, isInHeap: true });
    expect(swing.bytes / learnedBytes).toBeCloseTo(50 / 200);
    sampled(20_100, 50 * MIB, { cacheBytes: 68 * MIB, evictedBytes: 19_900 * MIB, isInHeap: true });
    expect(swing.bytes / learnedBytes).toBeCloseTo(100 / 200);
    sampled(20_200, 50 * MIB, { cacheBytes: 900 * MIB, evictedBytes: 19_900 * MIB, isInHeap: true });
    expect(swing.bytes, 'but not beyond all that is ever expected').toBe(120 * MIB);
  });

  it('does not follow the size of caches of Buffers, nor before anything was learned', () => {
    taught(168 * MIB, false);
    const learnedBytes = swing.bytes;
    sampled(20_000, 50 * MIB, { cacheBytes: 18 * MIB, evictedBytes: 19_900 * MIB });
    expect(swing.bytes).toBe(learnedBytes);
    swing = createSwing();
    sampled(0, 50 * MIB, { cacheBytes: 168 * MIB, isInHeap: true });
    sampled(100, 50 * MIB, { cacheBytes: 18 * MIB, isInHeap: true });
    expect(swing.bytes).toBe(120 * MIB);
  });
});
