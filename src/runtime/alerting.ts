import { AlertBook, type AlertChange, type AlertRule, type AlertStanding } from '../core/alert-rules.js';
import { readWatchedIn } from '../core/alert-view.js';
import type { LevelChange, PressureState } from '../core/state.js';
import type { PressureStatistics } from '../core/statistics.js';
import { UnownedGrowthWatch } from '../core/unowned-growth.js';
import { monotonicMs } from '../page/clock.js';

/** Rules that watch counts see counts that are this old at most; counting anew with every sample would cost more than it tells. */
const STATISTICS_AGE_MS = 250;

/**
 * How far apart the samples are that rules are judged with; see `SampleBells` for those between. A look takes 0.1 ms and leaves a snapshot behind: with
 * every sample of the fastest cadence, a program that V8 collects all the time was 6 % slower for it.
 */
export const JUDGED_EVERY_MS = 100;

/** Judges the alert rules of a runtime. Runs on the thread that started it. */
export class Alerting {
  readonly #book: AlertBook;
  readonly #unowned = new UnownedGrowthWatch();
  readonly #count: () => PressureStatistics;
  #statistics: PressureStatistics | null = null;
  #countedMs = Number.NEGATIVE_INFINITY;

  /** @param count the counts of this moment. */
  constructor(rules: readonly AlertRule[], count: () => PressureStatistics) {
    this.#book = new AlertBook(rules);
    this.#count = count;
  }

  /** Alerts that are pending or firing. */
  get standings(): AlertStanding[] {
    return this.#book.standings(monotonicMs());
  }

  /** @returns the transitions that `state` leads to. */
  judge(state: PressureState): AlertChange[] {
    const nowMs = monotonicMs();
    const unowned = this.#unowned.observe(nowMs, state.process.rssBytes - state.caches.totalBytes);
    const observation = { state, statistics: this.#statisticsAt(nowMs) };
    return this.#book.evaluate(readWatchedIn(observation, unowned), nowMs, Date.now());
  }

  /**
   * The same for a transition, which may be told late, when the thread was busy and the moment is over: what counts is the ratio
   * that the sampler saw then.
   */
  judgeChange({ cause, ratio, to, state }: LevelChange): AlertChange[] {
    const resource = cause === null ? null : state.resources[cause];
    if (cause === null || resource === null || resource === undefined) return this.judge(state);
    const seen = { ...resource, ratio: Math.max(ratio, resource.ratio) };
    return this.judge({ ...state, level: to, resources: { ...state.resources, [cause]: seen } });
  }

  #statisticsAt(nowMs: number): PressureStatistics {
    if (this.#statistics === null || nowMs - this.#countedMs >= STATISTICS_AGE_MS) {
      this.#statistics = this.#count();
      this.#countedMs = nowMs;
    }
    return this.#statistics;
  }
}
