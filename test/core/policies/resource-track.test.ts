import { describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { PolicyInput, WatchedResource } from '#src/core/eviction-policy.js';
import { createResourceTrack, heapBoundBytes } from '#src/core/policies/resource-track.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';

const LIMIT_BYTES = 1000 * MIB;
/** One percent below `critical`: what usage is brought back to. */
const TARGET_BYTES = 790 * MIB;

interface Point {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly cacheBytes?: number;
  readonly uncollectedBytes?: number;
  readonly evictedBytes?: number;
  readonly readMs?: number;
}

/** A track of a resource under a limit of 1000 MiB, and how it is fed. */
function track(resource: Resource) {
  const tracked = createResourceTrack();
  return {
    tracked,
    see({ atMs, usedBytes, cacheBytes = 0, uncollectedBytes = 0, readMs = atMs, evictedBytes = 0 }: Point): void {
      const watched: WatchedResource = {
        resource,
        known: true,
        readUs: readMs * 1e3,
        usedBytes,
        limitBytes: LIMIT_BYTES,
        thresholds: DEFAULT_THRESHOLDS,
        enableDelta: DEFAULT_ENABLE_DELTA,
      };
      const input: PolicyInput = {
        nowMs: atMs,
        level: 'normal',
        cause: null,
        resources: [watched],
        binding: watched,
        rssBytes: usedBytes,
        cacheBytes,
        evictableBytes: cacheBytes,
        growthBytesPerSecond: 0,
        uncollectedBytes,
        evictedBytes,
        collections: 0,
        collectionSeconds: 0,
        retainedBytes: 0,
        returnableBytes: 0,
        meanBufferBytes: 0,
        externalBytes: 0,
        threads: 1,
        roundActive: false,
      };
      tracked.add(input, watched, false);
    },
  };
}

describe('what is remembered of a resource', () => {
  it('counts dead bytes as used where they kill, and not in a heap that V8 collects before it gives up', () => {
    const container = track('container');
    container.see({ atMs: 0, usedBytes: 500 * MIB, uncollectedBytes: 100 * MIB });
    expect(container.tracked.effectiveBytes).toBe(500 * MIB);
    const heap = track('heap');
    heap.see({ atMs: 0, usedBytes: 500 * MIB, uncollectedBytes: 100 * MIB });
    expect(heap.tracked.effectiveBytes).toBe(400 * MIB);
    heap.see({ atMs: 10, usedBytes: 50 * MIB, uncollectedBytes: 100 * MIB });
    expect(heap.tracked.effectiveBytes).toBe(0);
  });

  it('holds everything up to just below critical for paid', () => {
    const { tracked, see } = track('container');
    see({ atMs: 0, usedBytes: 500 * MIB });
    expect(tracked.paidBytes).toBe(TARGET_BYTES);
  });

  it('knows how far the caches have paid, for as long as usage stays there', () => {
    const { tracked, see } = track('container');
    see({ atMs: 0, usedBytes: 900 * MIB });
    tracked.pay(0, 900 * MIB);
    for (let atMs = 50; atMs <= 5000; atMs += 50) see({ atMs, usedBytes: 900 * MIB });
    expect(tracked.paidBytes).toBe(900 * MIB);
  });

  it('lets usage that fell be owed again when it returns, though not a fall that a collection takes back at once', () => {
    const { tracked, see } = track('container');
    see({ atMs: 0, usedBytes: 900 * MIB });
    tracked.pay(0, 900 * MIB);
    for (let atMs = 50; atMs <= 200; atMs += 50) see({ atMs, usedBytes: 820 * MIB });
    expect(tracked.paidBytes).toBe(900 * MIB);
    for (let atMs = 250; atMs <= 500; atMs += 50) see({ atMs, usedBytes: 820 * MIB });
    expect(tracked.paidBytes).toBe(830 * MIB);
    for (let atMs = 550; atMs <= 1000; atMs += 50) see({ atMs, usedBytes: 600 * MIB });
    expect(tracked.paidBytes).toBe(TARGET_BYTES);
  });

  it('tells a reading from before the payment from a fresh one', () => {
    const { tracked, see } = track('heap');
    see({ atMs: 100, usedBytes: 900 * MIB });
    expect(tracked.isFresh).toBe(true);
    tracked.pay(100, 900 * MIB);
    see({ atMs: 150, usedBytes: 900 * MIB, readMs: 100 });
    expect(tracked.isFresh).toBe(false);
    see({ atMs: 200, usedBytes: 900 * MIB, readMs: 160 });
    expect(tracked.isFresh).toBe(true);
  });

  it('learns what a byte of cache costs from caches that grow', () => {
    const { tracked, see } = track('container');
    see({ atMs: 0, usedBytes: 300 * MIB, cacheBytes: 100 * MIB });
    expect(tracked.costRatio).toBe(1);
    see({ atMs: 50, usedBytes: 500 * MIB, cacheBytes: 200 * MIB });
    expect(tracked.costRatio, 'a swing explains what is more').toBe(1);
    see({ atMs: 80, usedBytes: 550 * MIB, cacheBytes: 200 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio, 'a swing does not explain all').toBe(1.3);
    see({ atMs: 100, usedBytes: 510 * MIB, cacheBytes: 240 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio).toBe(1.5);
    see({ atMs: 120, usedBytes: 520 * MIB, cacheBytes: 248 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio, 'less is believed at once').toBe(1.25);
    see({ atMs: 130, usedBytes: 521 * MIB, cacheBytes: 252 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio, 'too little to learn from').toBe(1.25);
    see({ atMs: 150, usedBytes: 215 * MIB, cacheBytes: 60 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio, 'caches that shrink teach nothing').toBe(1.25);
    see({ atMs: 200, usedBytes: 735 * MIB, cacheBytes: 190 * MIB, evictedBytes: 50 * MIB });
    expect(tracked.costRatio, 'the most that is believed').toBe(4);
  });

  it('learns no cost from caches that grow slowly, nor while others grow', () => {
    const slow = track('container');
    for (let step = 0; step <= 20; step++) {
      slow.see({ atMs: 200 * step, usedBytes: (300 + 15 * step) * MIB, cacheBytes: (100 + step) * MIB });
    }
    expect(slow.tracked.costRatio, '8 MiB take them 1.6 s').toBe(1);
    const disturbed = track('container');
    disturbed.see({ atMs: 0, usedBytes: 300 * MIB, cacheBytes: 100 * MIB });
    disturbed.see({ atMs: 100, usedBytes: 480 * MIB, cacheBytes: 109 * MIB });
    expect(disturbed.tracked.costRatio, 'no byte of theirs costs 20').toBe(1);
    disturbed.see({ atMs: 200, usedBytes: 780 * MIB, cacheBytes: 259 * MIB });
    expect(disturbed.tracked.costRatio, 'counted from there').toBe(2);
  });

  it('learns what a byte costs in the heap from small steps: what is dead does not count there', () => {
    const { tracked, see } = track('heap');
    see({ atMs: 0, usedBytes: 300 * MIB, cacheBytes: 100 * MIB });
    see({ atMs: 50, usedBytes: 305 * MIB, cacheBytes: 104 * MIB });
    expect(tracked.costRatio, 'too little to learn from').toBe(1);
    see({ atMs: 100, usedBytes: 315 * MIB, cacheBytes: 110 * MIB });
    expect(tracked.costRatio).toBe(1.5);
  });

  it('forgets its peak with those beside the caches, once others let go', () => {
    const { tracked, see } = track('container');
    for (let atMs = 0; atMs <= 250; atMs += 50) see({ atMs, usedBytes: 600 * MIB });
    for (let atMs = 300; atMs <= 400; atMs += 50) see({ atMs, usedBytes: 100 * MIB });
    expect(tracked.peak.value(400)).toBe(600 * MIB);
    see({ atMs: 450, usedBytes: 100 * MIB });
    expect(tracked.peak.value(450)).toBe(100 * MIB);
  });

  it('believes that Buffers hardly touch the heap, and that no cache is free of charge elsewhere', () => {
    for (const [resource, costRatio] of [
      ['heap', 1 / 8],
      ['container', 1],
    ] as const) {
      const { tracked, see } = track(resource);
      see({ atMs: 0, usedBytes: 300 * MIB, cacheBytes: 100 * MIB });
      see({ atMs: 50, usedBytes: 300 * MIB, cacheBytes: 250 * MIB });
      expect(tracked.costRatio).toBe(costRatio);
    }
  });
});

describe('how far caches may fill a heap of V8', () => {
  const boundMib = (warning: number, usedMib: number, cacheMib: number, costRatio = 1) => {
    const watched: WatchedResource = {
      resource: 'heap',
      known: true,
      readUs: 0,
      usedBytes: usedMib * MIB,
      limitBytes: LIMIT_BYTES,
      thresholds: { warning, critical: 0.92, emergency: 0.97 },
      enableDelta: DEFAULT_ENABLE_DELTA,
    };
    return Math.round(heapBoundBytes(watched, cacheMib * MIB, costRatio) / MIB);
  };

  it('is 70 % of it, or warning where that is less', () => {
    expect(boundMib(0.85, 650, 600)).toBe(700);
    expect(boundMib(0.6, 650, 600)).toBe(600);
  });

  it('is half of what the program itself leaves, where that is more', () => {
    expect(boundMib(0.85, 750, 0)).toBe(800);
    expect(boundMib(0.85, 780, 30)).toBe(800);
    expect(boundMib(0.6, 750, 0)).toBe(600);
  });

  it('is warning for caches that are outside of it', () => {
    expect(boundMib(0.85, 650, 600, 0.125)).toBe(850);
  });
});
