import type { PolicyInput, WatchedResource } from './eviction-policy.js';
import { createLeaps } from './leap.js';
import { isAtLeast, type Level } from './level.js';
import { areWholePages, depthOf, keptWorthBytes } from './policies/overshoot.js';
import { createRecentPeak } from './recent-peak.js';
import { MIB } from './units.js';

/**
 * Less than this share of the limit is not worth the time of giving it back. Where a round left it, half of what that dropped is, too, if it is at
 * least so many bytes.
 */
const WORTH_SHARE = 0.02;
const WORTH_DROPPED_SHARE = 0.5;
const LEAST_WORTH_BYTES = 4 * MIB;

/** Where `emergency` is closer than this at the rate of growth, free pages are given back whoever left them. */
const NEAR_SECONDS = 0.1;

/**
 * Others let go of memory where usage is by so much of the limit below its peak of so long. That matters where there was pressure within this time:
 * else usage swings by itself.
 */
const FALLEN_SHARE = 0.1;
const FALLEN_MS = 1000;
const PRESSED_MS = 60_000;
const FALLEN_WORTH_SHARE = 0.05;

/** What they let go of is collected, and then given back: so long after the fall, once. */
const COLLECTED_MS = 50;
const MOST_COLLECTED_MS = 300;

/** Giving back may take a fifth of the time: whoever fills the pages again pays for it, too. Where the limit is near, half of the time. */
const PAUSES = 4;
const PAUSES_IN_DANGER = 1;

/**
 * Where `critical` alone asks for it, a thousandth, and ever more on the way to `emergency`, but after so long in any case, less with each step of
 * that way: where entries come and go the pages are taken again at once, which costs more than giving them back, twenty times as much on a virtual
 * machine. Of small ones little goes back, and what comes again looks like a rise. Source: bench/squeeze with 1 MiB, 64 and 4 KiB.
 */
const PAUSES_AT_CRITICAL = 999;
const MOST_REST_MS = 10_000;

/** What decides whether free pages are given back. */
export interface PageReturnInput extends Pick<PolicyInput, 'meanBufferBytes'> {
  readonly nowMs: number;
  /** The worst of what the resident set counts for, and its level; null: nothing has a limit. */
  readonly watched: WatchedResource | null;
  readonly level: Level;
  readonly growthBytesPerSecond: number;
  /** What rounds dropped that is collected by now, and has not been seen to come back. */
  readonly droppedBytes: number;
}

/** Why free pages are given back. */
export interface ReturnCause {
  /** A round left them, the limit is near, they are beside large Buffers past `critical`, or others let go of memory after there was pressure. */
  readonly reason: 'round' | 'danger' | 'critical' | 'fall';
  /** Bytes that must go back for it to be worth its time. */
  readonly worthBytes: number;
}

/** When an allocator is made to give back the pages that it keeps for reuse. Pure; fed with every sample. */
export interface PageReturn {
  /** @returns null: there is no reason to do it now. */
  next(input: PageReturnInput): ReturnCause | null;
  /** Whether the last sample was the first in which others had let go: what of it is dead waits for a collection. */
  readonly hasFallen: boolean;
  /** It was done, and took so long. */
  did(nowMs: number, tookMs: number): void;
}

export function createPageReturn(): PageReturn {
  let peak = createRecentPeak(FALLEN_MS);
  const leaps = createLeaps();
  let peakOf = { resource: '', limitBytes: 0 };
  /** When it was done last, and how long it took. */
  let gaveMs = Number.NEGATIVE_INFINITY;
  let lastTookMs = 0;
  let pressedMs = Number.NEGATIVE_INFINITY;
  let fallMs = Number.NEGATIVE_INFINITY;
  let hasFallen = false;
  let isFallDone = true;

  function noteFall({ nowMs, watched, level }: PageReturnInput): void {
    hasFallen = false;
    if (isAtLeast(level, 'critical')) pressedMs = nowMs;
    if (watched === null) return;
    const { resource, limitBytes, usedBytes } = watched;
    if (peakOf.resource !== resource || peakOf.limitBytes !== limitBytes) {
      peakOf = { resource, limitBytes };
      peak = createRecentPeak(FALLEN_MS);
    }
    peak.add(nowMs, usedBytes);
    if (level !== 'normal' || nowMs - pressedMs > PRESSED_MS || nowMs - fallMs <= FALLEN_MS) return;
    if (usedBytes >= peak.value(nowMs) - FALLEN_SHARE * limitBytes) return;
    hasFallen = true;
    isFallDone = false;
    fallMs = nowMs;
  }

  /** From its beginning on, with a pause of so many times as long as it took. */
  function restMs(pauses: number): number {
    return (1 + pauses) * lastTookMs;
  }

  return {
    get hasFallen() {
      return hasFallen;
    },
    next(input) {
      noteFall(input);
      const { nowMs, watched, level, growthBytesPerSecond, droppedBytes } = input;
      const limitBytes = watched?.limitBytes ?? Number.POSITIVE_INFINITY;
      const worthBytes = WORTH_SHARE * limitBytes;
      const leapBytesPerSecond = watched === null ? 0 : leaps.next(nowMs, watched);
      const mostBytesPerSecond = Math.max(growthBytesPerSecond, leapBytesPerSecond);
      const isInDanger = watched !== null && isNear(watched, level, mostBytesPerSecond);
      if (nowMs < gaveMs + restMs(isInDanger ? PAUSES_IN_DANGER : PAUSES)) return null;
      if (droppedBytes > 0) {
        const mostBytes = Math.max(LEAST_WORTH_BYTES, WORTH_DROPPED_SHARE * droppedBytes);
        return { reason: 'round', worthBytes: Math.min(worthBytes, mostBytes) };
      }
      if (watched === null) return null;
      if (isInDanger) return { reason: 'danger', worthBytes };
      if (isAtLeast(level, 'critical')) {
        if (!areWholePages(input)) return null;
        const depth = depthOf(watched);
        const isResting = nowMs < gaveMs + Math.min((1 - depth) * MOST_REST_MS, restMs(pausesAt(depth)));
        return isResting ? null : { reason: 'critical', worthBytes: keptWorthBytes(limitBytes) };
      }
      const sinceMs = nowMs - fallMs;
      if (isFallDone || level !== 'normal' || sinceMs < COLLECTED_MS || sinceMs > MOST_COLLECTED_MS) return null;
      return { reason: 'fall', worthBytes: FALLEN_WORTH_SHARE * limitBytes };
    },
    did(nowMs, tookMs) {
      [gaveMs, lastTookMs] = [nowMs, tookMs];
      if (nowMs - fallMs >= COLLECTED_MS) isFallDone = true;
    },
  };
}

/** How many times as long as it took is paused, where usage is so far on its way from `critical`, 0, to `emergency`, 1. */
function pausesAt(depth: number): number {
  return PAUSES * (PAUSES_AT_CRITICAL / PAUSES) ** (1 - depth);
}

function isNear({ usedBytes, limitBytes, thresholds }: WatchedResource, level: Level, growth: number): boolean {
  if (!isAtLeast(level, 'critical')) return false;
  return usedBytes + growth * NEAR_SECONDS > thresholds.emergency * limitBytes;
}
