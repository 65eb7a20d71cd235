import { type Level, levelCode } from '../core/level.js';
import { ringThread } from '../page/bell.js';
import { liveThreadRows, loadWantsSamples, loadWatchDistance, storeWatchedSample } from '../page/thread-rows.js';

/** Samples come a little early or late; what is nearly far enough from the last one is. */
const TOLERANCE = 0.9;

/** A sample, as far as it matters to those who hear of it. */
export interface NewSample {
  readonly nowMs: number;
  readonly sampleCount: number;
  readonly resources: readonly { readonly known: boolean; readonly level: Level }[];
  /** Somebody asked for it. */
  readonly asked: boolean;
}

/**
 * Wakes the threads that want to hear of samples: of every one, or of some that they watch. Those are as far apart as the thread says, but for one that
 * somebody asked for, and one with which any resource came to another level: a peak that is shorter than the distance is watched, too. Runs where
 * the sampler runs.
 */
export class SampleBells {
  readonly #words: Int32Array;
  /** By thread row: when it had a sample to watch last, monotonic ms. */
  readonly #watchedMs: number[] = [];
  #levels = 0;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** The sample stands on the page. */
  ring({ nowMs, sampleCount, resources, asked }: NewSample): void {
    const levels = resources.reduce((sum, { known, level }) => 5 * sum + (known ? 1 + levelCode(level) : 0), 0);
    const isNews = asked || levels !== this.#levels;
    this.#levels = levels;
    for (const row of liveThreadRows(this.#words)) {
      const isWatched = this.#isFarEnough(row, nowMs, isNews);
      if (isWatched) {
        this.#watchedMs[row] = nowMs;
        storeWatchedSample(this.#words, row, sampleCount);
      }
      if (isWatched || loadWantsSamples(this.#words, row)) ringThread(this.#words, row);
    }
  }

  #isFarEnough(row: number, nowMs: number, isNews: boolean): boolean {
    const distanceMs = loadWatchDistance(this.#words, row);
    if (distanceMs === 0) return false;
    return isNews || nowMs - (this.#watchedMs[row] ?? Number.NEGATIVE_INFINITY) >= distanceMs * TOLERANCE;
  }
}
