import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { createRecentPeak } from '../recent-peak.js';
import { claimBytes } from './ownership.js';
import type { ResourceTrack } from './resource-track.js';
import { createReuse } from './reuse.js';

/**
 * After a cut the cap is not raised for this long; where the caches gave nothing, or grow into pages that are kept, for the shorter time; and for the
 * shortest where there is plenty of room: others have let go. Before the first cut they grow freely while there is
 * plenty, and then as after the hold. Source: bench/squeeze.
 */
const HOLD_MS = 5000;
const SHORT_HOLD_MS = 500;
const PLENTY_HOLD_MS = 300;
const PLENTY_SHARE = 0.05;

/** Growth after the first cut, and before it where there is not plenty: this share of the room per second, and more of what is beyond plenty. */
const GROWTH_SHARE_PER_SECOND = 1;
const PLENTY_GROWTH_SHARE_PER_SECOND = 4;

/** Where more than this share of the limit is kept, what was too much before, when it was not, says nothing of growth into it. */
const KEPT_SHARE = 0.1;

/**
 * Where there is no room left, the caches may still hold what they held within this time: several times the pause between two major collections.
 * What a put drops ahead of need, or one thread leaves of its part, would else be lost with every sample, though the pages are kept.
 */
const HELD_MEMORY_MS = 10_000;

/** What there is to grow into. */
export interface Room {
  /** Joint bytes to which the caches may grow until the next sample, at least what they hold. */
  readonly leashBytes: number;
  /** What of it V8's heaps leave; Infinity: they are not watched. */
  readonly heapRoomBytes: number;
  /** Pages that the allocators keep, bytes, an estimate. */
  readonly retainedBytes: number;
  /** Since the sample before. */
  readonly elapsedMs: number;
}

/** The joint bytes that the caches may hold: how they grow, and how they are held after they gave. Pure. */
export interface Cap {
  /** null: none. */
  readonly bytes: number | null;
  /** What the caches were left with when they were stopped last, and when that was; -Infinity: never. */
  readonly leftBytes: number;
  readonly cutMs: number;
  /** Holds the caches at what they have, less what they give. */
  stop(input: PolicyInput, evictBytes: number): void;
  /** They give since usage rose by `overBytes` above what they had paid for. */
  blame(nowMs: number, overBytes: number): void;
  /** Lets them grow: freely where there is plenty of room, else as the room that is left shows with every step. */
  grow(input: PolicyInput, binding: WatchedResource, track: ResourceTrack, room: Room): void;
  /** Nothing has a limit. */
  lift(): void;
}

export function createCap(): Cap {
  const reuse = createReuse();
  let held = createRecentPeak(HELD_MEMORY_MS);
  let bytes: number | null = null;
  let leftBytes = 0;
  let cutMs = Number.NEGATIVE_INFINITY;
  /** How long the cap is not raised after that, where there is not plenty of room. */
  let holdMs = HOLD_MS;
  /** What the caches may take of the room that is less than plenty, before the first cut. */
  let grantedBytes = 0;
  /** What the caches were given of pages that are kept, as long as these may still be there. */
  let reused = createRecentPeak(HELD_MEMORY_MS);

  return {
    get bytes() {
      return bytes;
    },
    get leftBytes() {
      return leftBytes;
    },
    get cutMs() {
      return cutMs;
    },
    stop({ nowMs, cacheBytes }, evictBytes) {
      leftBytes = Math.max(0, Math.min(bytes ?? cacheBytes, cacheBytes) - evictBytes);
      bytes = leftBytes;
      cutMs = nowMs;
      reused = createRecentPeak(HELD_MEMORY_MS);
      holdMs = evictBytes > 0 ? HOLD_MS : SHORT_HOLD_MS;
      held = createRecentPeak(HELD_MEMORY_MS);
    },
    blame(nowMs, overBytes) {
      reuse.blame(nowMs, overBytes);
    },
    grow(input, binding, track, { leashBytes, heapRoomBytes, retainedBytes, elapsedMs }) {
      const { nowMs, cacheBytes } = input;
      const { limitBytes, resource } = binding;
      held.add(nowMs, cacheBytes);
      const plentyBytes = PLENTY_SHARE * limitBytes;
      const roomBytes = leashBytes - cacheBytes;
      const perSecond =
        GROWTH_SHARE_PER_SECOND * roomBytes +
        (PLENTY_GROWTH_SHARE_PER_SECOND - GROWTH_SHARE_PER_SECOND) * Math.max(0, roomBytes - plentyBytes);
      const stepBytes = Math.min(roomBytes, perSecond * (elapsedMs / 1e3));
      const freelyBytes = Math.min(
        leashBytes,
        Math.max(leashBytes - plentyBytes, cacheBytes, claimBytes(binding, input)),
      );
      // room that others took since is no room any more
      const before = Math.min(bytes ?? freelyBytes, Math.max(leashBytes, held.value(nowMs), reused.value(nowMs)));
      if (cutMs === Number.NEGATIVE_INFINITY) {
        if (roomBytes <= plentyBytes) grantedBytes = Math.min(plentyBytes, grantedBytes + stepBytes);
        bytes = Math.max(Math.min(leashBytes, freelyBytes + grantedBytes), Math.min(before, held.value(nowMs)));
        return;
      }
      const leastHoldMs = roomBytes > plentyBytes ? PLENTY_HOLD_MS : holdMs;
      bytes = nowMs - cutMs > leastHoldMs ? Math.max(before, Math.min(leashBytes, before + stepBytes)) : before;
      if (nowMs - cutMs <= SHORT_HOLD_MS || resource === 'heap') return;
      const keptStepBytes = reuse.stepBytes(nowMs, cacheBytes, binding, track, retainedBytes);
      const reuseBytes = Math.min(heapRoomBytes, keptStepBytes);
      const isKept = retainedBytes > KEPT_SHARE * limitBytes;
      const mostBytes = isKept ? Number.POSITIVE_INFINITY : track.ceiling.bytes;
      if (reuseBytes <= 0) return;
      const reusedBytes = Math.min(cacheBytes + reuseBytes, mostBytes);
      reused.add(nowMs, reusedBytes);
      bytes = Math.max(bytes, reusedBytes);
    },
    lift() {
      bytes = null;
    },
  };
}
