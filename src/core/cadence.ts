import type { Thresholds } from './classifier.js';
import { createCpuBudget } from './cpu-budget.js';
import { isAtLeast, LEVELS, type Level, levelCode } from './level.js';

export interface CadenceOptions {
  /** The shortest delay, ms. */
  readonly minIntervalMs: number;
  /** The longest delay, ms: the calm cadence. */
  readonly updateIntervalMs: number;
  /** Share of one core that the sampler may use, in (0, 1]. */
  readonly maxSamplerCpu: number;
}

/**
 * Decides when to look again: first for each resource, then for all of them. Keeps its state between samples; allocates nothing; takes the
 * time as an argument.
 */
export interface Cadence {
  /**
   * Milliseconds until a resource that was just read must be read again, in [minIntervalMs, updateIntervalMs]. It is the time that growth needs
   * at the least to reach a threshold, plus the shortest interval, so that the reading after the crossing comes at most that interval
   * late, however suddenly the growth began. Pure.
   * @param level that of this resource; the thresholds above it are what must not be passed unseen.
   * @param threads that can make it grow at the same time, at least 1.
   * @param risesSuddenly usage has just risen as it does at the beginning of a ramp: no threshold may be passed later than minIntervalMs then, and from
   * `warning` on that is the delay.
   */
  resourceDelayMs(
    level: Level,
    usedBytes: number,
    limitBytes: number,
    thresholds: Thresholds,
    growthBytesPerSecond: number,
    threads: number,
    risesSuddenly: boolean,
  ): number;
  /**
   * Milliseconds until a resource must be read again even if that costs more CPU time than there is: half of the time to the next
   * threshold at the growth that was measured, 500 ms at the most at `warning`; from `critical` on 200 ms at the most, and no more than growth of one
   * thread that begins now needs, plus the shortest interval. Not less than minIntervalMs; Infinity: nothing is urgent. Pure.
   */
  urgentDelayMs(
    level: Level,
    usedBytes: number,
    limitBytes: number,
    thresholds: Thresholds,
    growthBytesPerSecond: number,
  ): number;
  /**
   * Milliseconds from this sample to the next, in [minIntervalMs, updateIntervalMs], but longer where `maxSamplerCpu` asks for it, up to a
   * minute. To be called once for every sample.
   * @param wantedMs the shortest that any resource asks for; `urgentMs`: the shortest urgent delay of any; `suspectMs`: of those that rise suddenly.
   * @param nowMs on a clock that never goes back.
   * @param samplerCpuMs CPU time of the sampler thread so far.
   * @param stallSome PSI share 0..1 of the time in which a task waited for memory; null where there is none. It only ever shortens the delay.
   */
  nextDelayMs(
    wantedMs: number,
    urgentMs: number,
    suspectMs: number,
    nowMs: number,
    samplerCpuMs: number,
    stallSome: number | null,
  ): number;
}

/**
 * Growth that can begin at any moment, of each thread that owns caches. One Node thread was measured to retain 0.7 to 1.0 GB/s of Buffers
 * (filling them costs that much memory bandwidth), and two of them 1.7; more than four are only believed when they are seen.
 */
export const PLAUSIBLE_GROWTH_BYTES_PER_SECOND = 1e9;

const MOST_PLAUSIBLE_THREADS = 4;

/** A timer counts whole milliseconds, so it may fire up to one too early. */
export const TIMER_EARLY_MS = 1;

/** A ramp that was seen may double before the next sample. */
const GROWTH_ALLOWANCE = 2;

/** A ramp that costs too much to follow is looked at whenever half of its way is done: a handful of samples up to the threshold. */
const HALFWAY = 0.5;

/**
 * From `warning` on so long a look away is too long, ms, by wire code, also while nothing grows. From `critical` on no longer than growth that begins now
 * needs to the next threshold: a thread that collects grows by nothing, and then goes on. Source: bench/squeeze with 512 MiB and other memory
 * rising, which took 7 to 10 % of the limit in looks away of 0.2 and 0.5 s.
 */
const LONGEST_URGENT_MS = [Number.POSITIVE_INFINITY, 500, 200, 200] as const;

/**
 * How late the first level may be seen, ms. It kills nothing by itself and is the one that a calm process may sit just below for
 * hours, so it is bought at a fifth of the price of the others; but for a ramp, which is about to pass it.
 */
const WARNING_TOLERANCE_MS = 50;

/**
 * The longest delay at each level, ms, by wire code, where the calm cadence is not shorter: relief must be seen too, and an eviction be
 * measured, in a time that fits the danger.
 */
const LONGEST_DELAY_MS = [Number.POSITIVE_INFINITY, 1_000, 250, 100] as const;

/** However dear a sample is: a sampler that looks less than once a minute is none. */
const LONGEST_STRETCH_MS = 60_000;

/** A machine that waits for memory all the time is looked at five times as often. */
const STALL_WEIGHT = 4;

export function createCadence(options: CadenceOptions): Cadence {
  const { minIntervalMs, updateIntervalMs } = options;
  const budget = createCpuBudget(options.maxSamplerCpu);

  return {
    resourceDelayMs(level, usedBytes, limitBytes, thresholds, growthBytesPerSecond, threads, risesSuddenly) {
      if (risesSuddenly && isAtLeast(level, 'warning')) return minIntervalMs; // what is done about it takes time, too
      const plausible = PLAUSIBLE_GROWTH_BYTES_PER_SECOND * Math.min(threads, MOST_PLAUSIBLE_THREADS);
      const bytesPerMs = Math.max(plausible, growthBytesPerSecond * GROWTH_ALLOWANCE) / 1e3;
      let delayMs = Math.min(updateIntervalMs, LONGEST_DELAY_MS[levelCode(level)]);
      for (let code = levelCode(level) + 1; code <= LEVELS.length; code++) {
        const next = LEVELS[code];
        const headroomBytes = Math.max(0, boundOf(next, thresholds) * limitBytes - usedBytes);
        const isPatient = next === 'warning' && !risesSuddenly;
        const toleranceMs = isPatient ? Math.max(minIntervalMs, WARNING_TOLERANCE_MS) : minIntervalMs;
        delayMs = Math.min(delayMs, toleranceMs + headroomBytes / bytesPerMs);
      }
      return Math.max(minIntervalMs, delayMs);
    },
    urgentDelayMs(level, usedBytes, limitBytes, thresholds, growthBytesPerSecond) {
      const bound = boundOf(LEVELS[levelCode(level) + 1], thresholds);
      const headroomBytes = Math.max(0, bound * limitBytes - usedBytes);
      const longestMs = LONGEST_URGENT_MS[levelCode(level)];
      const isRising = growthBytesPerSecond > 0;
      const halfwayMs = isRising ? (headroomBytes / growthBytesPerSecond) * 1e3 * HALFWAY : Number.POSITIVE_INFINITY;
      const suddenMs = isAtLeast(level, 'critical')
        ? minIntervalMs + (headroomBytes / PLAUSIBLE_GROWTH_BYTES_PER_SECOND) * 1e3
        : Number.POSITIVE_INFINITY;
      return Math.max(minIntervalMs, Math.min(longestMs, halfwayMs, suddenMs));
    },
    nextDelayMs(wantedMs, urgentMs, suspectMs, nowMs, samplerCpuMs, stallSome) {
      const hurryMs = wantedMs / (1 + STALL_WEIGHT * Math.max(0, stallSome ?? 0));
      const delayMs = Math.min(updateIntervalMs, Math.max(minIntervalMs, hurryMs));
      return Math.max(
        delayMs,
        Math.min(LONGEST_STRETCH_MS, budget.shortestDelayMs(nowMs, samplerCpuMs, urgentMs, suspectMs)),
      );
    },
  };
}

/** The ratio at which a level is entered; behind the last of them, the limit itself. */
function boundOf(level: Level | undefined, thresholds: Thresholds): number {
  return level === undefined || level === 'normal' ? 1 : thresholds[level];
}
