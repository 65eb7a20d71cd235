import { type Level, levelCode } from '../core/level.js';
import { ringThread } from '../page/bell.js';
import { EVERY_SAMPLE, liveThreadRows, loadSampleDistance, NO_SAMPLE, storeToldSample } from '../page/thread-rows.js';

/** Samples come a little early or late; what is nearly far enough from the last one is. */
const TOLERANCE = 0.9;

/** A sample, as far as it matters to those who hear of it. */
export interface ToldSample {
  readonly nowMs: number;
  readonly sampleCount: number;
  readonly resources: readonly { readonly known: boolean; readonly level: Level }[];
  /** Somebody asked for it. */
  readonly asked: boolean;
}

/**
 * Wakes the threads that want to hear of samples, as often as they want; beside that, for samples that somebody asked for, and where any resource
 * came to another level: a peak that is shorter than the distance is heard of. Runs where the sampler runs.
 */
export class SampleBells {
  readonly #words: Int32Array;
  /** By thread row: when it was told last, monotonic ms. */
  readonly #toldMs: number[] = [];
  #levels = 0;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** The sample stands on the page. */
  ring({ nowMs, sampleCount, resources, asked }: ToldSample): void {
    const levels = resources.reduce((sum, { known, level }) => 5 * sum + (known ? 1 + levelCode(level) : 0), 0);
    const isNews = asked || levels !== this.#levels;
    this.#levels = levels;
    for (const row of liveThreadRows(this.#words)) {
      const distanceMs = loadSampleDistance(this.#words, row);
      if (distanceMs === NO_SAMPLE) continue;
      const passedMs = nowMs - (this.#toldMs[row] ?? Number.NEGATIVE_INFINITY);
      if (!isNews && distanceMs !== EVERY_SAMPLE && passedMs < distanceMs * TOLERANCE) continue;
      this.#toldMs[row] = nowMs;
      storeToldSample(this.#words, row, sampleCount);
      ringThread(this.#words, row);
    }
  }
}
