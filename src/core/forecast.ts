import { createSawtooth } from './sawtooth.js';
import { createTrend } from './trend.js';
import { MIB } from './units.js';

/**
 * How fast one resource is being used up, and how long it will last. One per resource; fed with every good reading of it.
 *
 * Two windows: the *short* one (the last few samples) sees a ramp at once; the *long* one (the floor of a sawtooth over a minute and
 * more) sees a leak below the noise. Below `quietBelowBytes` a rise that is no larger than what collections took back before is
 * not a ramp, and only the long window counts. Above it every rise counts: there a false alarm is cheaper than a late one.
 */
export interface Forecast {
  /** Bytes per second; negative while the resource is being freed, 0 while nothing is known. Never NaN. */
  readonly growthBytesPerSecond: number;
  /** Seconds until the limit is reached at this growth, >= 0; null: not growing, or not within a day. */
  readonly secondsToLimit: number | null;
  /**
   * Takes a good reading. A point not later than the one before is ignored; after a gap longer than `maxGapMs`, or under another
   * limit, everything seen before is forgotten. Allocates nothing.
   * @param nowMs on a clock that never goes back.
   * @param quietBelowBytes use at which the first level is entered.
   */
  add(nowMs: number, usedBytes: number, limitBytes: number, quietBelowBytes: number): void;
  reset(): void;
}

export interface ForecastOptions {
  /** Longest pause between two samples that still belong to one series, ms; longer: the machine slept. Default: a minute. */
  readonly maxGapMs?: number;
}

const DEFAULT_MAX_GAP_MS = 60_000;

/** Two points of a new ramp are enough to move the median slope of six away from 0 (9 of the 15 pairs touch them). */
export const SHORT_POINTS = 6;

/** What is no larger is noise: 1/512 of the limit (1 MiB of 512 MiB), at most 4 MiB. */
const NOISE_SHARE = 1 / 512;
const MAX_NOISE_BYTES = 4 * MIB;

/** A limit that is further away than a day is not being approached. */
const HORIZON_SECONDS = 86_400;

export function createForecast(options: ForecastOptions = {}): Forecast {
  const maxGapMs = options.maxGapMs ?? DEFAULT_MAX_GAP_MS;
  const trend = createTrend(SHORT_POINTS);
  const sawtooth = createSawtooth();
  let lastMs = Number.NEGATIVE_INFINITY;
  let limitBytes = 0;
  let headroomBytes = 0;
  let growthPerMs = 0;

  function reset(): void {
    trend.clear();
    sawtooth.clear();
    lastMs = Number.NEGATIVE_INFINITY;
    growthPerMs = 0;
  }

  return {
    get growthBytesPerSecond() {
      return growthPerMs * 1e3;
    },
    get secondsToLimit() {
      if (growthPerMs <= 0) return null;
      const seconds = Math.max(0, headroomBytes) / (growthPerMs * 1e3);
      return seconds <= HORIZON_SECONDS ? seconds : null;
    },
    add(nowMs, usedBytes, newLimitBytes, quietBelowBytes) {
      if (nowMs <= lastMs) return;
      if (newLimitBytes !== limitBytes || nowMs - lastMs > maxGapMs) reset();
      lastMs = nowMs;
      limitBytes = newLimitBytes;
      headroomBytes = limitBytes - usedBytes;
      trend.add(nowMs, usedBytes);
      sawtooth.add(nowMs, usedBytes, Math.min(limitBytes * NOISE_SHARE, MAX_NOISE_BYTES));
      const shortPerMs = trend.slopePerMs();
      const isQuiet = usedBytes < quietBelowBytes && sawtooth.isUsualRise();
      const longPerMs = Math.max(0, sawtooth.floorSlopePerMs());
      growthPerMs = isQuiet && shortPerMs > 0 ? Math.min(shortPerMs, longPerMs) : shortPerMs;
    },
    reset,
  };
}
