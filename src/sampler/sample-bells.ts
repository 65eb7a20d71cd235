import { ringThread } from '../page/bell.js';
import { liveThreadRows, loadSampleDistance } from '../page/thread-rows.js';

/** Wakes the threads that want to hear of samples, as often as they want. Runs where the sampler runs. */
export class SampleBells {
  readonly #words: Int32Array;
  /** By thread row: when it was told last, monotonic ms. */
  readonly #toldMs: number[] = [];

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A sample stands on the page. @param asked somebody asked for it: all hear of it. */
  ring(nowMs: number, asked: boolean): void {
    for (const row of liveThreadRows(this.#words)) {
      const distanceMs = loadSampleDistance(this.#words, row);
      const toldMs = this.#toldMs[row] ?? Number.NEGATIVE_INFINITY;
      if (distanceMs === 0 || (!asked && nowMs - toldMs < distanceMs)) continue;
      this.#toldMs[row] = nowMs;
      ringThread(this.#words, row);
    }
  }
}
