import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { isLeap, leapBytesPerSecond } from '../leap.js';
import { createRecentPeak } from '../recent-peak.js';
import type { Resource } from '../resource.js';

/** A ramp leads beyond what usage came to within this time: garbage that rises as fast comes down again before. */
const MEMORY_MS = 5000;

/** Usage that rises by more than this many times what the caches take in is the doing of others. */
const MOST_COST = 1.5;

/**
 * Sees others' memory rise so fast that it will kill before the resource that it is taken from is the one with the least room: a heap of objects may
 * stand at `warning` all the time, while the container passes from well below it to its limit within some tenths of a second. Two leaps in a
 * row are needed, and that they lead to where usage was not before. Source: bench/squeeze, objects beside 1 GB/s. Pure; fed with every sample.
 */
export interface Ramps {
  /**
   * @param isDanger whether a resource that grows by so many bytes per second kills before anything helps.
   * @returns the input as it is, or as that resource has it.
   */
  next(input: PolicyInput, isDanger: (watched: WatchedResource, bytesPerSecond: number) => boolean): PolicyInput;
}

export function createRamps(): Ramps {
  const ramps = new Map<Resource, Ramp>();

  return {
    next(input, isDanger) {
      let danger: PolicyInput | null = null;
      for (const watched of input.resources) {
        if (!watched.known || watched.resource === 'heap') continue;
        const ramp = ramps.get(watched.resource) ?? createRamp();
        ramps.set(watched.resource, ramp);
        const bytesPerSecond = ramp.next(watched, input.cacheBytes + input.evictedBytes);
        if (watched.usedBytes < watched.thresholds.warning * watched.limitBytes) continue;
        if (bytesPerSecond <= input.growthBytesPerSecond || !isDanger(watched, bytesPerSecond)) continue;
        danger ??= { ...input, binding: watched, growthBytesPerSecond: bytesPerSecond };
      }
      return danger ?? input;
    },
  };
}

/** Of one resource. */
interface Ramp {
  /** @param takenBytes what the caches took in since the start. @returns bytes per second; 0: no ramp. */
  next(watched: WatchedResource, takenBytes: number): number;
}

function createRamp(): Ramp {
  let peak = createRecentPeak(MEMORY_MS);
  let last = { readMs: Number.NaN, usedBytes: 0, limitBytes: 0, takenBytes: 0, bytesPerSecond: 0 };
  let bytesPerSecond = 0;

  return {
    next({ readUs, usedBytes, limitBytes }, takenBytes) {
      const readMs = readUs / 1e3;
      if (readMs === last.readMs) return bytesPerSecond;
      if (limitBytes !== last.limitBytes) {
        peak = createRecentPeak(MEMORY_MS);
        last = { readMs, usedBytes, limitBytes, takenBytes, bytesPerSecond: 0 };
        bytesPerSecond = 0;
        return 0;
      }
      const risenBytes = usedBytes - last.usedBytes;
      const othersBytes = risenBytes - MOST_COST * (takenBytes - last.takenBytes);
      const seen = isLeap(othersBytes, limitBytes) ? leapBytesPerSecond(risenBytes, readMs - last.readMs) : 0;
      const highestBytes = peak.value(readMs);
      const isBeyond = highestBytes > 0 && isLeap(usedBytes - highestBytes, limitBytes);
      bytesPerSecond = isBeyond ? Math.min(last.bytesPerSecond, seen) : 0;
      peak.add(last.readMs, last.usedBytes);
      last = { readMs, usedBytes, limitBytes, takenBytes, bytesPerSecond: seen };
      return bytesPerSecond;
    },
  };
}
