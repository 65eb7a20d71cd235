import type { WatchedResource } from '../eviction-policy.js';
import type { ResourceTrack } from './resource-track.js';

/** The caches grow by this share of the pages that are kept, but for what the estimate of those may be wrong by. Source: bench/squeeze. */
const STEP_SHARE = 0.25;
const UNSURE_SHARE = 0.05;

/** A step is half of what is left up to `emergency` at the most, or this share of the limit where that is less. */
const MOST_APPROACH = 0.5;
const LEAST_STEP_SHARE = 0.02;

/** Larger caches than this share of the limit do without: what is kept then is mostly where evicted bytes come and go. */
const EMPTIED_SHARE = 0.3;

/** By so much usage may stand above what was paid for and still be on its plateau. */
const PLATEAU_SHARE = 0.005;

/** A step that is older than this is not to blame for what usage does. */
const BLAME_MS = 500;

/**
 * For so long it is not tried again after it failed, and each time four times as long where it fails again within ten such pauses, unless others
 * leave so much of the limit behind meanwhile.
 */
const LEAST_PAUSE_MS = 2000;
const PAUSE_GROWTH = 4;
const MOST_PAUSE_MS = 600_000;
const SERIES_PAUSES = 10;
const KEPT_MORE_SHARE = 0.1;

/**
 * Growth into pages that the allocator keeps: they can be filled again without more memory, so caches that had to give need not stay small for
 * as long as usage stays high. It is tried step by step; where usage rises with it, not again for a while. Pure.
 */
export interface Reuse {
  /** What caches of `cacheBytes` may grow by until the next sample, bytes. @param keptBytes by the allocators, an estimate. */
  stepBytes(
    nowMs: number,
    cacheBytes: number,
    binding: WatchedResource,
    track: ResourceTrack,
    keptBytes: number,
  ): number;
  /** The caches give, since usage rose by `overBytes` above what they had paid for: it was the last step, or others. */
  blame(nowMs: number, overBytes: number): void;
}

export function createReuse(): Reuse {
  let stepMs = Number.NEGATIVE_INFINITY;
  let lastBytes = 0;
  /** Kept, and held by the caches, at that step: what they give is kept, too. */
  let lastRoomBytes = 0;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** When it failed last, and the pause that followed. */
  let failedMs = Number.NEGATIVE_INFINITY;
  let pauseMs = LEAST_PAUSE_MS;

  return {
    stepBytes(nowMs, cacheBytes, { usedBytes, limitBytes, thresholds }, { effectiveBytes, paidBytes }, keptBytes) {
      if (cacheBytes > EMPTIED_SHARE * limitBytes) return 0;
      const roomBytes = keptBytes + cacheBytes;
      const isPaused = nowMs < pausedUntilMs && roomBytes < lastRoomBytes + KEPT_MORE_SHARE * limitBytes;
      if (isPaused || effectiveBytes > paidBytes + PLATEAU_SHARE * limitBytes) return 0;
      const leftBytes = MOST_APPROACH * (thresholds.emergency * limitBytes - usedBytes);
      const mostBytes = Math.max(leftBytes, LEAST_STEP_SHARE * limitBytes);
      const stepBytes = Math.min(STEP_SHARE * (keptBytes - UNSURE_SHARE * limitBytes), mostBytes);
      if (stepBytes <= 0) return 0;
      stepMs = nowMs;
      lastBytes = stepBytes;
      lastRoomBytes = roomBytes;
      return stepBytes;
    },
    blame(nowMs, overBytes) {
      if (nowMs - stepMs > BLAME_MS || overBytes <= 0 || overBytes > 2 * lastBytes) return;
      stepMs = Number.NEGATIVE_INFINITY; // one step fails once, however many bites follow
      const isSeries = nowMs - failedMs <= SERIES_PAUSES * pauseMs;
      pauseMs = isSeries ? Math.min(PAUSE_GROWTH * pauseMs, MOST_PAUSE_MS) : LEAST_PAUSE_MS;
      failedMs = nowMs;
      pausedUntilMs = nowMs + pauseMs;
    },
  };
}
