import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { isAtLeast } from '../level.js';
import { createRecentPeak } from '../recent-peak.js';
import type { Resource } from '../resource.js';
import { MOST_OWN_COST } from './foreign-growth.js';

/** A ramp leads by this share of the limit beyond what usage came to within this time: garbage that rises as fast comes down again before. */
const MEMORY_MS = 5000;
const BEYOND_SHARE = 0.02;

/** Usage must have risen by more than this share of the limit in each of two such times in a row: one leap is no ramp. */
const WINDOW_MS = 40;
const RISE_SHARE = 0.01;

/** What others do that will kill before anything helps. */
export interface Danger {
  readonly watched: WatchedResource;
  /** Growth, of all and of what is surely not the caches' own, as two times in a row show it at the least. Bytes per second. */
  readonly growthBytesPerSecond: number;
  readonly foreignBytesPerSecond: number;
}

/**
 * Sees others' memory rise before the forecast does, and also where the resource that it is taken from is not the one that binds: a heap of objects
 * may stand at `warning` all the time, while the container passes from well below it to its limit within some tenths of a second. It
 * takes two rises in a row, to where usage was not lately. Source: bench/squeeze, objects beside 1 GB/s. Pure; fed with every sample.
 */
export interface Ramps {
  /**
   * @param isThreat whether others that take so many bytes per second of a resource kill before anything helps.
   * @returns the danger that is nearest, of what is past `warning` and may bind; null: none.
   */
  next(
    input: PolicyInput,
    isThreat: (watched: WatchedResource, foreignBytesPerSecond: number) => boolean,
  ): Danger | null;
}

export function createRamps(): Ramps {
  const ramps = new Map<Resource, Ramp>();

  return {
    next(input, isThreat) {
      let nearest: Danger | null = null;
      for (const watched of input.resources) {
        if (!watched.known || watched.resource === 'heap') continue;
        const ramp = ramps.get(watched.resource) ?? createRamp();
        ramps.set(watched.resource, ramp);
        const rate = ramp.next(watched, input.cacheBytes + input.evictedBytes);
        if (rate === null || watched.usedBytes < watched.thresholds.warning * watched.limitBytes) continue;
        if (!mayBind(watched, input) || !isThreat(watched, rate.foreignBytesPerSecond)) continue;
        const danger = { watched, ...rate };
        if (nearest === null || secondsLeft(danger) < secondsLeft(nearest)) nearest = danger;
      }
      return nearest;
    },
  };
}

/** The sample as it is where what is in danger binds, and grows as fast. Pure. */
export function asBinding({ watched, growthBytesPerSecond }: Danger, input: PolicyInput): PolicyInput {
  const knownPerSecond = watched.resource === input.binding?.resource ? input.growthBytesPerSecond : 0;
  return { ...input, binding: watched, growthBytesPerSecond: Math.max(growthBytesPerSecond, knownPerSecond) };
}

/** Not where another resource is worse, but for a heap, to which what is given in a hurry is of use, too. */
function mayBind({ resource }: WatchedResource, { binding, level }: PolicyInput): boolean {
  if (resource === binding?.resource) return true;
  return binding?.resource === 'heap' ? level !== 'emergency' : !isAtLeast(level, 'critical');
}

/** Until `emergency`. */
function secondsLeft({ watched, growthBytesPerSecond }: Danger): number {
  return (watched.thresholds.emergency * watched.limitBytes - watched.usedBytes) / growthBytesPerSecond;
}

type Rate = Omit<Danger, 'watched'>;

/** Of one resource. */
interface Ramp {
  /** @param takenBytes what the caches took in since the start. @returns null: no ramp. */
  next(watched: WatchedResource, takenBytes: number): Rate | null;
}

interface Read {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly takenBytes: number;
}

function createRamp(): Ramp {
  let peak = createRecentPeak(MEMORY_MS);
  /** As far back as two windows reach, the oldest first. */
  let reads: Read[] = [];
  let lastLimitBytes = 0;
  let rate: Rate | null = null;

  /** The latest at least a window before `to`. */
  function before(to: Read): Read | undefined {
    return reads.findLast(({ atMs }) => to.atMs - atMs >= WINDOW_MS);
  }

  function rateAt(latest: Read, limitBytes: number): Rate | null {
    const middle = before(latest);
    const first = middle && before(middle);
    if (first === undefined || middle === undefined) return null;
    for (const { atMs, usedBytes } of reads.splice(0, reads.indexOf(first))) peak.add(atMs, usedBytes);
    const highestBytes = Math.max(first.usedBytes, peak.value(latest.atMs));
    if (latest.usedBytes - highestBytes <= BEYOND_SHARE * limitBytes) return null;
    const rises = [rise(first, middle), rise(middle, latest)];
    if (rises.some(({ foreignBytes }) => foreignBytes <= RISE_SHARE * limitBytes)) return null;
    return {
      growthBytesPerSecond: Math.min(...rises.map(({ bytes, seconds }) => bytes / seconds)),
      foreignBytesPerSecond: Math.min(...rises.map(({ foreignBytes, seconds }) => foreignBytes / seconds)),
    };
  }

  return {
    next({ readUs, usedBytes, limitBytes }, takenBytes) {
      const atMs = readUs / 1e3;
      if (atMs === reads.at(-1)?.atMs) return rate;
      if (limitBytes !== lastLimitBytes) {
        peak = createRecentPeak(MEMORY_MS);
        reads = [];
        lastLimitBytes = limitBytes;
      }
      const latest = { atMs, usedBytes, takenBytes };
      reads.push(latest);
      rate = rateAt(latest, limitBytes);
      return rate;
    },
  };
}

/** How usage rose from one reading to a later one; what the caches took in meanwhile is not others' doing. */
function rise(from: Read, to: Read): { bytes: number; foreignBytes: number; seconds: number } {
  const bytes = to.usedBytes - from.usedBytes;
  const ownBytes = Math.max(0, to.takenBytes - from.takenBytes);
  return { bytes, foreignBytes: bytes - MOST_OWN_COST * ownBytes, seconds: (to.atMs - from.atMs) / 1e3 };
}
