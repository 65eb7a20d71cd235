import {
  type EvictionPolicy,
  hold,
  type PolicyDecision,
  type PolicyInput,
  type WatchedResource,
} from '../eviction-policy.js';
import { createLeaps } from '../leap.js';
import { isAtLeast } from '../level.js';
import { createRecentLow, createRecentPeak } from '../recent-peak.js';
import type { Resource } from '../resource.js';
import { formatBytes, formatRatio, MIB } from '../units.js';
import { sizeThatFits } from './blame.js';
import { createCap } from './cap.js';
import { createForeignGrowth } from './foreign-growth.js';
import { createHeapResidence } from './heap-residence.js';
import { emergencyBytes, isEmergencyNear, isHurried, isThreat, isTimeToCollect } from './hurry.js';
import {
  depthOf,
  isAllAtOnce,
  isAwaited,
  lastShare,
  leastLeftBytes,
  owedBytes,
  reactionSeconds,
  scatteredBytes,
  soonReturnedBytes,
} from './overshoot.js';
import { claimBytes, growthBoundBytes, ownShare } from './ownership.js';
import { asBinding, createRamps } from './ramps.js';
import {
  createResourceTrack,
  growthPeakBytes,
  heapBoundBytes,
  peakBoundBytes,
  type ResourceTrack,
} from './resource-track.js';

/**
 * Collections are paced once this much was evicted since the last, or this share of a small limit. Source: the design, fact 3 (16 to
 * 32 MB at 3 to 6 ms each, under 512 MiB).
 */
const MOST_PACE_BYTES = 24 * MIB;
const PACE_SHARE = 0.05;

/** Less than this part of the pace is not worth a collection, which would use up the duty before there is something to collect. */
const WORTH_COLLECTING = 0.5;

/** Share of the limit that is worth a round: what is less waits until it is more. */
const LEAST_BITE_SHARE = 0.005;

/** So long the hurry lasts: a thread that collects does not grow meanwhile, and goes on where it was. */
const RUSH_MS = 500;

/** In an emergency no plateau is accepted: this share of the limit is given again and again, ever more slowly where it changes nothing. */
const EMERGENCY_BITE_SHARE = 0.03;
const LEAST_PATIENCE_MS = 25;
const MOST_PATIENCE_MS = 5000;

/** While they are more than this share of the limit, giving more would only add to them. */
const RETAINED_SHARE = 0.05;

/** Pages that are kept for less long may be about to be given back, or taken again, and are not retained. */
const STEADY_MS = 1000;

/** Where less than this part of what was dead is left, V8 collected by itself. */
const COLLECTED_SHARE = 0.5;

/** After so long without pressure the next counts as new: a bite for every crossing of `warning` would be an oscillation. */
const CALM_MS = 60_000;

/** A round leaves a part of the most that the caches held so lately: longer than most rounds and their collections take. */
const HELD_LATELY_MS = 1000;

/** What the caches give when pressure begins that is not of their own growth's making: this share of the limit, and of what they may give at most. */
const WARNING_BITE_SHARE = 0.01;
const MOST_WARNING_BITE = 0.05;

/**
 * The default policy.
 *
 * - The caches are on a *leash*: until the next sample they may grow by the room that is left below every `warning` (in V8's heap 70 %), less what
 *   evictions are expected to leave resident below `critical`, so that no rate of allocation can run past it between two samples.
 * - What was evicted and is not collected yet is collected before anything else is evicted for it, while there is time.
 * - Pages that an allocator keeps beside large Buffers are given back before anything is evicted for them, while there is time.
 * - Usage past `critical`, or about to be far past it by what others do, is *paid for once*: the caches shrink by what was added since the last
 *   payment. Usage that stays there (the allocator keeps pages for reuse) asks for nothing more; usage that falls back is owed again if it returns.
 * - Entries of a heap of objects leave V8's pages half empty, so that collections return next to nothing until nearly all are gone. Where usage is
 *   higher than before the last dear collection, and not by what is dead, they give a part of all they hold, the larger the closer `emergency` is.
 * - After a cut the cap is held, then grows back into the room there is.
 */
export function createAdaptivePolicy(): EvictionPolicy {
  const tracks = new Map<Resource, ResourceTrack>();
  const foreign = createForeignGrowth();
  const residence = createHeapResidence();
  const leaps = createLeaps();
  const ramps = createRamps();
  const retained = createRecentLow(STEADY_MS);
  const cap = createCap();
  const cacheLow = createRecentLow(CALM_MS);
  const cachePeak = createRecentPeak(HELD_LATELY_MS);
  let paceBytes = MOST_PACE_BYTES;
  /** When the last sample came; no time has passed before the first. */
  let lastMs = Number.POSITIVE_INFINITY;
  /** A collection of what is dead was asked for, and there was none since; collections so far, and bytes dead, as of the last sample. */
  let isAsked = false;
  let collectionsBefore = 0;
  let deadBefore = 0;
  let patienceMs = LEAST_PATIENCE_MS;
  let areInHeap = false;
  /** True once the caches gave something in this stretch of pressure, and when there was pressure last. */
  let warned = false;
  let pressedMs = Number.NEGATIVE_INFINITY;
  /** There is no time to wait for relief until then. */
  let rushedUntilMs = Number.NEGATIVE_INFINITY;

  function trackOf(resource: Resource): ResourceTrack {
    const track = tracks.get(resource) ?? createResourceTrack();
    tracks.set(resource, track);
    return track;
  }

  /** Bytes by which usage may grow. V8 collects what is dead in its heap before it gives up; elsewhere it counts until it is collected. */
  function freeBytesOf(watched: WatchedResource, track: ResourceTrack, input: PolicyInput): number {
    const { nowMs, cacheBytes } = input;
    if (watched.resource === 'heap') {
      const boundBytes = heapBoundBytes(watched, cacheBytes, track.costRatio);
      const wasCut = cap.cutMs !== Number.NEGATIVE_INFINITY;
      return boundBytes - (wasCut ? track.peak.value(nowMs) : track.effectiveBytes);
    }
    const boundBytes = growthBoundBytes(watched, input);
    const deadBytes = Math.min(input.uncollectedBytes, Math.max(0, watched.usedBytes - cacheBytes));
    const peakBytes = cacheBytes + track.swing.expectedPeakBytes(nowMs);
    return Math.min(boundBytes - (watched.usedBytes - deadBytes), growthPeakBytes(watched) - peakBytes);
  }

  /** Bytes by which the caches may grow until the next sample, as far as V8's heaps go, or all but those; Infinity: none is known. */
  function roomBytesIn(where: 'heaps' | 'elsewhere', input: PolicyInput, aheadBytes: number): number {
    let roomBytes = Number.POSITIVE_INFINITY;
    for (const watched of input.resources) {
      if (!watched.known || (watched.resource === 'heap') !== (where === 'heaps')) continue;
      const track = trackOf(watched.resource);
      const freeBytes = Math.max(0, freeBytesOf(watched, track, input) - aheadBytes);
      const claimedBytes = Math.max(0, claimBytes(watched, input) - input.cacheBytes);
      const fittingBytes = Math.min(freeBytes / track.costRatio, Math.max(0, track.ceiling.bytes - input.cacheBytes));
      roomBytes = Math.min(roomBytes, Math.max(claimedBytes, fittingBytes));
    }
    return roomBytes;
  }

  /** Usage without what goes back though the caches give nothing, where there is time for that. */
  function stayingBytesOf(binding: WatchedResource, input: PolicyInput): number {
    const returnedBytes = input.nowMs < rushedUntilMs ? 0 : soonReturnedBytes(binding, input);
    return trackOf(binding.resource).effectiveBytes - returnedBytes;
  }

  /** Has the caches give `overBytes`, and holds them there. */
  function cut(
    input: PolicyInput,
    binding: WatchedResource,
    aheadBytes: number,
    overBytes: number,
    why: string,
  ): PolicyDecision {
    const track = trackOf(binding.resource);
    const isRushed = input.nowMs < rushedUntilMs;
    const pastBoundBytes = ownShare(binding, input) * (track.effectiveBytes + aheadBytes - peakBoundBytes(binding));
    const isScattered = isRushed && isAtLeast(input.level, 'critical');
    const wantedBytes = isScattered ? scatteredBytes(overBytes, pastBoundBytes, input) : overBytes;
    const sparedBytes = Math.max(overBytes, input.cacheBytes - claimBytes(binding, input));
    const evictBytes = Math.ceil(Math.min(wantedBytes, sparedBytes, input.evictableBytes));
    cap.stop(input, evictBytes);
    const stayingBytes = stayingBytesOf(binding, input);
    cap.blame(input.nowMs, stayingBytes - track.paidBytes);
    warned = true;
    track.pay(input.nowMs, stayingBytes + aheadBytes);
    for (const { swing } of tracks.values()) swing.gave(input.nowMs);
    const deadBytes = input.uncollectedBytes + evictBytes;
    return {
      evictBytes,
      collect: isRushed ? 'always' : deadBytes >= WORTH_COLLECTING * paceBytes ? 'ifDue' : 'never',
      capBytes: cap.bytes,
      paceBytes,
      resource: binding.resource,
      inHeap: areInHeap,
      reason: `${binding.resource} at ${formatRatio(binding.usedBytes / binding.limitBytes)}: ${why}`,
    };
  }

  return {
    name: 'adaptive',
    decide(seen: PolicyInput): PolicyDecision {
      const danger = ramps.next(seen, (watched, foreignPerSecond) => isThreat(watched, seen, foreignPerSecond));
      areInHeap = residence.next(seen);
      const told = areInHeap && seen.meanBufferBytes > 0 ? { ...seen, meanBufferBytes: 0 } : seen;
      const input = danger === null ? told : asBinding(danger, told);
      const { binding, nowMs, level } = input;
      const foreignBytesPerSecond = Math.max(foreign.next(seen), danger?.foreignBytesPerSecond ?? 0);
      const aheadBytes = foreignBytesPerSecond * reactionSeconds(input);
      const elapsedMs = Math.max(0, Math.min(1000, nowMs - lastMs));
      lastMs = nowMs;
      for (const watched of input.resources)
        if (watched.known) trackOf(watched.resource).add(input, watched, areInHeap);
      if (binding === null) {
        cap.lift();
        return hold('nothing has a limit', null, null);
      }
      paceBytes = Math.min(MOST_PACE_BYTES, PACE_SHARE * leastLimitBytes(input));
      const leapBytesPerSecond = leaps.next(nowMs, binding);
      const isNear = isHurried(input, binding) || isEmergencyNear(binding, leapBytesPerSecond);
      if (level !== 'normal' && isNear) rushedUntilMs = nowMs + RUSH_MS;
      cachePeak.add(nowMs, input.cacheBytes);
      if (input.collections !== collectionsBefore || input.uncollectedBytes < COLLECTED_SHARE * deadBefore)
        isAsked = false;
      [collectionsBefore, deadBefore] = [input.collections, input.uncollectedBytes];
      if (input.roundActive) return hold('a round is going on', cap.bytes, paceBytes);

      const track = trackOf(binding.resource);
      retained.add(nowMs, input.retainedBytes);
      cacheLow.add(nowMs, input.cacheBytes);
      const retainedBytes = retained.value(nowMs);
      const isPlateau = retainedBytes > RETAINED_SHARE * binding.limitBytes && input.growthBytesPerSecond <= 0;
      const share = ownShare(binding, input);
      const leftBytes = areInHeap ? leastLeftBytes(binding, input, cachePeak.value(nowMs)) : 0;
      const sparedBytes = Math.max(0, input.cacheBytes - Math.max(leftBytes, claimBytes(binding, input)));
      const isRushed = nowMs < rushedUntilMs;
      const stayingBytes = stayingBytesOf(binding, input);
      const pastBytes = stayingBytes + aheadBytes - track.paidBytes;
      const isThreatened = isThreat(binding, input, foreignBytesPerSecond);
      const givesAll = isThreatened && pastBytes > 0 && isAllAtOnce(binding, input, foreignBytesPerSecond);
      const allBytes = givesAll ? share * sparedBytes : 0;
      const dueBytes = Math.max(allBytes, owedBytes(binding, input, pastBytes));
      const lastBytes = lastShare(track.effectiveBytes, binding) * input.evictableBytes;
      const worthBytes = LEAST_BITE_SHARE * share * binding.limitBytes;
      const isDear = isAwaited(binding, input);
      const aliveBytes = share * (pastBytes - input.uncollectedBytes);
      const isUnreturned =
        areInHeap && isDear && aliveBytes > worthBytes && track.lastCollection.wasNoUse(nowMs, binding.usedBytes);
      const deepBytes = isUnreturned ? depthOf(binding) * share * input.evictableBytes : 0;
      const overBytes = Math.min(sparedBytes, Math.max(dueBytes, deepBytes, pastBytes > 0 ? lastBytes : 0));
      if (
        ((isThreatened && level === 'warning') || isAtLeast(level, 'critical')) &&
        track.isFresh &&
        overBytes > worthBytes &&
        input.evictableBytes > 0
      ) {
        const isDead = input.uncollectedBytes >= overBytes && (!isAsked || isDear);
        if (isDead && !isRushed) {
          isAsked = true;
          return { ...hold('collect what is dead first', cap.bytes, paceBytes), collect: 'ifDue' };
        }
        const isReturning = track.lastCollection.isReturning(nowMs, binding.usedBytes, binding.limitBytes);
        if (isDear && isReturning && isTimeToCollect(input, binding)) {
          return hold('what was dead is being returned', cap.bytes, paceBytes);
        }
        const fitting = sizeThatFits(binding, input, stayingBytes, cap, cacheLow.value(nowMs));
        if (fitting !== null) track.ceiling.found(nowMs, fitting, Math.max(0, stayingBytes - input.cacheBytes));
        return cut(input, binding, aheadBytes, overBytes, `${formatBytes(overBytes)} past what was paid for`);
      }
      if (level !== 'normal') pressedMs = nowMs;
      else if (nowMs - pressedMs > CALM_MS) warned = false;
      if (level !== 'normal' && !warned && track.isFresh && input.evictableBytes > 0) {
        const biteBytes = Math.min(WARNING_BITE_SHARE * binding.limitBytes, MOST_WARNING_BITE * input.evictableBytes);
        const grownBytes = input.cacheBytes - cacheLow.value(nowMs);
        if (grownBytes < biteBytes) return cut(input, binding, 0, biteBytes, 'a first bite');
        cap.stop(input, 0);
        warned = true;
        return hold('the caches grew as far as warning', cap.bytes, paceBytes);
      }
      if (level !== 'emergency') patienceMs = LEAST_PATIENCE_MS;
      else if (
        track.isFresh &&
        !isPlateau &&
        input.evictableBytes > 0 &&
        track.effectiveBytes >= emergencyBytes(binding) &&
        nowMs - cap.cutMs >= patienceMs
      ) {
        if (input.growthBytesPerSecond <= 0) patienceMs = Math.min(2 * patienceMs, MOST_PATIENCE_MS);
        return cut(
          input,
          binding,
          aheadBytes,
          Math.max(EMERGENCY_BITE_SHARE * binding.limitBytes, lastBytes),
          'too close to the limit to stay there',
        );
      }

      const heapRoomBytes = roomBytesIn('heaps', input, aheadBytes);
      const leashBytes = input.cacheBytes + Math.min(heapRoomBytes, roomBytesIn('elsewhere', input, aheadBytes));
      cap.grow(input, binding, track, { leashBytes, heapRoomBytes, retainedBytes, elapsedMs });
      const isSpent = isAtLeast(level, 'critical') && Math.min(sparedBytes, input.evictableBytes) <= worthBytes;
      const garbageKills = (level === 'emergency' || isSpent) && binding.resource !== 'heap';
      const mostDeadBytes = level === 'emergency' ? paceBytes / 4 : paceBytes;
      const collect = garbageKills && input.uncollectedBytes > mostDeadBytes ? 'ifDue' : 'never';
      return { ...hold('held', cap.bytes, paceBytes), collect };
    },
  };
}

function leastLimitBytes({ resources }: PolicyInput): number {
  let leastBytes = Number.POSITIVE_INFINITY;
  for (const { known, limitBytes } of resources) if (known) leastBytes = Math.min(leastBytes, limitBytes);
  return leastBytes;
}
