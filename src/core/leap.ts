import type { WatchedResource } from './eviction-policy.js';

/**
 * A rise by this share of the limit from one sample to the next is a leap: a ramp may have begun that a median of six samples shows only three samples
 * later, which at 1 GB/s is too late. It is not believed to have been faster than over this time: what follows a pause comes in a burst. Source:
 * bench/squeeze, 4 KiB and 64 KiB beside 1 GB/s.
 */
const LEAP_SHARE = 0.02;
const LEAST_MS = 50;

/** Sees usage leap. One per observer; fed with every sample. */
export interface Leaps {
  /** @returns bytes per second since the sample before, if that was a leap of the same resource; else 0. */
  next(nowMs: number, watched: WatchedResource): number;
}

export function createLeaps(): Leaps {
  const last = { nowMs: 0, resource: '', usedBytes: 0, limitBytes: 0 };

  return {
    next(nowMs, watched) {
      const { resource, usedBytes, limitBytes } = watched;
      const isSame = last.resource === resource && last.limitBytes === limitBytes;
      const risenBytes = isSame ? usedBytes - last.usedBytes : 0;
      const elapsedMs = nowMs - last.nowMs;
      Object.assign(last, { nowMs, resource, usedBytes, limitBytes });
      return risenBytes > LEAP_SHARE * limitBytes ? (risenBytes * 1e3) / Math.max(LEAST_MS, elapsedMs) : 0;
    },
  };
}
