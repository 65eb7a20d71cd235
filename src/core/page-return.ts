import type { WatchedResource } from './eviction-policy.js';
import { isAtLeast, type Level } from './level.js';
import { createRecentPeak } from './recent-peak.js';
import { MIB } from './units.js';

/** Less than this share of the limit is not worth the time of giving it back, or half of what a round dropped where that is less. */
const WORTH_SHARE = 0.02;
const WORTH_DROPPED_SHARE = 0.5;
const LEAST_WORTH_BYTES = 4 * MIB;

/** Where `emergency` is closer than this at the rate of growth, free pages are given back whoever left them. */
const NEAR_SECONDS = 0.1;

/** Others let go of memory where usage is by so much of the limit below its peak of so long. */
const FALLEN_SHARE = 0.1;
const FALLEN_MS = 1000;
const CALM_WORTH_SHARE = 0.05;

/** They only do so for the caches where there was pressure within this time: else usage swings by itself. */
const PRESSED_MS = 60_000;

/** Giving back may take a fifth of the time; a hundredth where nothing presses. Whoever fills the pages again pays for it, too. */
const PAUSES = 4;
const CALM_PAUSES = 99;

/** What decides whether free pages are given back. */
export interface PageReturnInput {
  readonly nowMs: number;
  /** The worst of what the resident set counts for, and its level; null: nothing has a limit. */
  readonly watched: WatchedResource | null;
  readonly level: Level;
  readonly growthBytesPerSecond: number;
  /** What rounds dropped that is collected by now, and has not been seen to come back. */
  readonly droppedBytes: number;
}

/** Why they are. */
export interface ReturnCause {
  /** A round left them, the limit is near, or others let go of memory after there was pressure. */
  readonly reason: 'round' | 'danger' | 'fall';
  /** Bytes that must go back for it to be worth its time. */
  readonly worthBytes: number;
}

/** When an allocator is made to give back the pages that it keeps for reuse. Pure; fed with every sample. */
export interface PageReturn {
  /** @returns null: there is no reason to do it now. */
  next(input: PageReturnInput): ReturnCause | null;
  /** It was done, and took so long. */
  did(nowMs: number, tookMs: number): void;
}

export function createPageReturn(): PageReturn {
  const peak = createRecentPeak(FALLEN_MS);
  let restedMs = Number.NEGATIVE_INFINITY;
  let calmMs = Number.NEGATIVE_INFINITY;
  let pressedMs = Number.NEGATIVE_INFINITY;

  return {
    next({ nowMs, watched, level, growthBytesPerSecond, droppedBytes }) {
      const limitBytes = watched?.limitBytes ?? Number.POSITIVE_INFINITY;
      if (watched !== null) peak.add(nowMs, watched.usedBytes);
      if (isAtLeast(level, 'critical')) pressedMs = nowMs;
      if (nowMs < restedMs) return null;
      const worthBytes = WORTH_SHARE * limitBytes;
      if (droppedBytes > 0) {
        const mostBytes = Math.max(LEAST_WORTH_BYTES, WORTH_DROPPED_SHARE * droppedBytes);
        return { reason: 'round', worthBytes: Math.min(worthBytes, mostBytes) };
      }
      if (watched === null) return null;
      if (isNear(watched, level, growthBytesPerSecond)) return { reason: 'danger', worthBytes };
      const hasFallen = watched.usedBytes < peak.value(nowMs) - FALLEN_SHARE * limitBytes;
      if (level !== 'normal' || !hasFallen || nowMs < calmMs || nowMs - pressedMs > PRESSED_MS) return null;
      return { reason: 'fall', worthBytes: CALM_WORTH_SHARE * limitBytes };
    },
    did(nowMs, tookMs) {
      restedMs = nowMs + (1 + PAUSES) * tookMs;
      calmMs = nowMs + (1 + CALM_PAUSES) * tookMs;
    },
  };
}

function isNear({ usedBytes, limitBytes, thresholds }: WatchedResource, level: Level, growth: number): boolean {
  if (!isAtLeast(level, 'critical')) return false;
  return usedBytes + growth * NEAR_SECONDS > thresholds.emergency * limitBytes;
}
