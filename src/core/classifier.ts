import { type Level, levelCode } from './level.js';

/** The ratio (used / limit, in (0, 1]) at which each level is entered; strictly rising. */
export interface Thresholds {
  readonly warning: number;
  readonly critical: number;
  readonly emergency: number;
}

/** The document's numbers. Source: GifLab, "Memory Pressure Thresholds". */
export const DEFAULT_THRESHOLDS: Thresholds = { warning: 0.7, critical: 0.8, emergency: 0.95 };

/** The document's release distance. Source: GifLab, "hysteresis.enable_delta". */
export const DEFAULT_ENABLE_DELTA = 0.05;

const FROM_WORST = ['emergency', 'critical', 'warning'] as const;

/**
 * The ratio at and above which a level that was entered is kept.
 * Rounded to 12 decimals, so that 0.7 - 0.05 is 0.65 and not a neighbour of it.
 */
export function releaseRatio(enterRatio: number, enableDelta: number): number {
  return Math.round((enterRatio - enableDelta) * 1e12) / 1e12;
}

/**
 * The level after a good reading: the highest one whose rule holds. A level above `current` needs `ratio >= enter`; one at or
 * below it is kept while `ratio >= enter - enableDelta`. Levels may be skipped in both directions. Pure.
 * @param ratio used / limit, finite and >= 0; an impossible one must have been rejected before.
 */
export function classify(current: Level, ratio: number, thresholds: Thresholds, enableDelta: number): Level {
  for (const level of FROM_WORST) {
    const enter = thresholds[level];
    const bound = levelCode(level) > levelCode(current) ? enter : releaseRatio(enter, enableDelta);
    if (ratio >= bound) return level;
  }
  return 'normal';
}
