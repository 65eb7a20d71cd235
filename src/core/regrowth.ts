import { TIMER_EARLY_MS } from './cadence.js';
import { isAtLeast, type Level } from './level.js';

/**
 * Others let go of memory, and the caches are small: what was used before is forgotten once usage stayed low for 125 ms, and then they grow step by
 * step. So long, and so often, somebody looks, whatever it costs: the sampler has spent what it may while there was pressure, and would look once
 * a second or two. Source: bench/squeeze with 256 KiB.
 */
const GROWING_MS = 2000;
const LOOK_MS = 150;

/** Usage that swings around `critical` is not looked at like that more often. */
const LEAST_DISTANCE_MS = 10_000;

/** When to look again after pressure is over, so that caches that gave do not stay small for want of a sample. Pure; fed with every sample. */
export interface Regrowth {
  /** When the next look is due, monotonic ms; null: none is, beside one that is due now. */
  dueMs(nowMs: number): number | null;
  /** Whether a sample now is such a look. */
  isLookDue(nowMs: number): boolean;
  add(nowMs: number, level: Level): void;
}

export function createRegrowth(): Regrowth {
  /** The level was `critical`, and has not been normal since; and when it was normal again, for the first time in a while. */
  let isPressed = false;
  let normalMs = Number.NEGATIVE_INFINITY;
  /** Null: none is planned. */
  let lookMs: number | null = null;

  return {
    dueMs: (nowMs) => (lookMs !== null && lookMs > nowMs + TIMER_EARLY_MS ? lookMs : null),
    isLookDue: (nowMs) => lookMs !== null && lookMs <= nowMs + TIMER_EARLY_MS,
    add(nowMs, level) {
      if (level === 'normal' && isPressed && nowMs - normalMs >= LEAST_DISTANCE_MS) normalMs = nowMs;
      isPressed = level !== 'normal' && (isPressed || isAtLeast(level, 'critical'));
      const isGrowing = level === 'normal' && nowMs - normalMs < GROWING_MS;
      lookMs = isGrowing ? nowMs + LOOK_MS : null;
    },
  };
}
