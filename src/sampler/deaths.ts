import { reclaimThread } from '../page/reclaim.js';
import { liveThreadRows, threadKernelId, threadOwner } from '../page/thread-rows.js';
import { isKernelThreadThere } from '../sources/kernel-thread.js';

/** A look costs about 3 µs for each thread; a lifeline tells of most deaths at once. */
const LOOK_US = 100_000;

/** Finds threads that ended without a word, where the kernel lists its threads, and takes their rows. Runs where the sampler runs. */
export class Deaths {
  readonly #words: Int32Array;
  #lookedUs = Number.NEGATIVE_INFINITY;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  look(nowUs: number): void {
    if (nowUs - this.#lookedUs < LOOK_US) return;
    this.#lookedUs = nowUs;
    for (const row of liveThreadRows(this.#words)) {
      const generation = threadOwner(this.#words, row); // before the id: an id is there before its owner is
      const kernelId = threadKernelId(this.#words, row);
      if (generation !== 0 && kernelId > 0 && !isKernelThreadThere(kernelId)) {
        reclaimThread(this.#words, { row, generation });
      }
    }
  }
}
