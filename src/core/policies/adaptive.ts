import { type EvictionPolicy, hold, type PolicyDecision, type PolicyInput } from '../eviction-policy.js';
import { isAtLeast } from '../level.js';
import type { Resource } from '../resource.js';
import { formatBytes, MIB } from '../units.js';
import { createResourceTrack, type ResourceTrack } from './resource-track.js';

/** Collections are paced once this much was evicted since the last. Source: the design, fact 3 (16 to 32 MB at 3 to 6 ms each). */
const PACE_BYTES = 24 * MIB;

/** Share of the limit that is worth a round: what is less waits until it is more. */
const LEAST_BITE_SHARE = 0.005;

/** From the crossing to the freed page: a sample, an eviction, a collection. Source: bench/eviction. */
const REACTION_SECONDS = 0.04;

/** After a cut the cap is not raised for this long, or only for the shorter time while there is plenty of room. Source: bench/squeeze. */
const HOLD_MS = 5000;
const SHORT_HOLD_MS = 500;
const PLENTY_SHARE = 0.15;

/** Regrowth after the hold: this share of the room per second. */
const REGROW_SHARE_PER_SECOND = 1;

/**
 * The default policy.
 *
 * - The caches are on a *leash*: until the next sample they may grow by the room that is left below every `warning`, and no
 *   further, so that no rate of allocation can run past it between two samples.
 * - What was evicted and is not collected yet is collected before anything else is evicted for it.
 * - Usage past `critical` is *paid for once*: the caches shrink by what was added since the last payment. Usage that stays there
 *   (the allocator keeps pages for reuse) asks for nothing more; usage that falls back is owed again if it returns.
 * - After a cut the cap is held, then grows back into the room there is.
 */
export function createAdaptivePolicy(): EvictionPolicy {
  const tracks = new Map<Resource, ResourceTrack>();
  const foreign = createForeignGrowth();
  let capBytes: number | null = null;
  let cutMs = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let askedAtCollections = -1;

  function trackOf(resource: Resource): ResourceTrack {
    const track = tracks.get(resource) ?? createResourceTrack();
    tracks.set(resource, track);
    return track;
  }

  /** Joint bytes to which the caches may grow until the next sample. */
  function leashBytes(input: PolicyInput, aheadBytes: number): number {
    let roomBytes = Number.POSITIVE_INFINITY;
    for (const watched of input.resources) {
      if (!watched.known) continue;
      const track = trackOf(watched.resource);
      const steadyBytes = cutMs === Number.NEGATIVE_INFINITY ? track.effectiveBytes : track.peak.value(input.nowMs);
      const freeBytes = watched.thresholds.warning * watched.limitBytes - aheadBytes - steadyBytes;
      roomBytes = Math.min(roomBytes, Math.max(0, freeBytes) / track.costRatio);
    }
    return input.cacheBytes + roomBytes;
  }

  return {
    name: 'adaptive',
    decide(input: PolicyInput): PolicyDecision {
      const { binding, nowMs, level } = input;
      const aheadBytes = foreign.next(input) * REACTION_SECONDS;
      const elapsedMs = Math.min(1000, nowMs - lastMs);
      lastMs = nowMs;
      for (const watched of input.resources) if (watched.known) trackOf(watched.resource).add(input, watched);
      if (binding === null) {
        capBytes = null;
        return hold('nothing has a limit', null, null);
      }
      if (input.roundActive) return hold('a round is going on', capBytes, PACE_BYTES);

      const track = trackOf(binding.resource);
      const overBytes = track.effectiveBytes + aheadBytes - track.paidBytes;
      const worthBytes = LEAST_BITE_SHARE * binding.limitBytes;
      if (isAtLeast(level, 'critical') && track.isFresh && overBytes > worthBytes && input.evictableBytes > 0) {
        if (level !== 'emergency' && input.uncollectedBytes >= overBytes && askedAtCollections !== input.collections) {
          askedAtCollections = input.collections;
          return { ...hold('collect what is dead first', capBytes, PACE_BYTES), collect: 'ifDue' };
        }
        const evictBytes = Math.ceil(Math.min(overBytes, input.evictableBytes));
        capBytes = Math.max(0, Math.min(capBytes ?? input.cacheBytes, input.cacheBytes) - evictBytes);
        track.pay(nowMs, track.effectiveBytes + aheadBytes);
        cutMs = nowMs;
        const reason = `${binding.resource} is ${formatBytes(overBytes)} past what was paid for`;
        const collect = level === 'emergency' ? 'always' : 'ifDue';
        return { evictBytes, collect, capBytes, paceBytes: PACE_BYTES, reason };
      }

      const leash = leashBytes(input, aheadBytes);
      if (capBytes === null || cutMs === Number.NEGATIVE_INFINITY) capBytes = leash;
      else {
        const roomBytes = leash - input.cacheBytes;
        const holdMs = roomBytes > PLENTY_SHARE * binding.limitBytes ? SHORT_HOLD_MS : HOLD_MS;
        const grownBytes = capBytes + roomBytes * REGROW_SHARE_PER_SECOND * (elapsedMs / 1e3);
        if (nowMs - cutMs > holdMs) capBytes = Math.max(capBytes, Math.min(leash, grownBytes));
      }
      const garbageKills = level === 'emergency' && binding.resource !== 'heap';
      const collect = garbageKills && input.uncollectedBytes > PACE_BYTES ? 'ifDue' : 'never';
      return { ...hold('held', capBytes, PACE_BYTES), collect };
    },
  };
}

/** How fast everything but the caches and their dead entries grows. */
function createForeignGrowth() {
  let lastMs = Number.NaN;
  let lastCacheBytes = 0;
  let lastEvictedBytes = 0;
  return {
    /** Bytes per second, >= 0. */
    next({ nowMs, cacheBytes, evictedBytes, growthBytesPerSecond }: PolicyInput): number {
      const elapsedMs = nowMs - lastMs;
      const ownBytes = cacheBytes - lastCacheBytes + (evictedBytes - lastEvictedBytes);
      const ownGrowth = elapsedMs > 0 ? Math.max(0, (ownBytes / elapsedMs) * 1e3) : 0;
      lastMs = nowMs;
      lastCacheBytes = cacheBytes;
      lastEvictedBytes = evictedBytes;
      return Math.max(0, growthBytesPerSecond - ownGrowth);
    },
  };
}
