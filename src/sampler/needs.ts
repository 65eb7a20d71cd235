import { ringThread } from '../page/bell.js';
import { answerNeed, loadNeed, loadRoom } from '../page/room.js';
import { liveThreadRows } from '../page/thread-rows.js';
import type { SamplingLoop } from './loop.js';
import type { Sampler } from './sampler.js';

/** Sees to threads that block because there is no room: a fresh sample, and if that is not enough a round of eviction. */
export class Needs {
  readonly #words: Int32Array;
  readonly #sampler: Sampler;
  readonly #loop: SamplingLoop;
  /** Rows whose request is being seen to. */
  readonly #served = new Set<number>();

  constructor(words: Int32Array, sampler: Sampler, loop: SamplingLoop) {
    this.#words = words;
    this.#sampler = sampler;
    this.#loop = loop;
  }

  /** Looks for requests; called whenever the sampler's bell rings. */
  serve(): void {
    for (const row of liveThreadRows(this.#words)) {
      if (!this.#served.has(row) && loadNeed(this.#words, row) !== null) void this.#serveRow(row);
    }
  }

  async #serveRow(row: number): Promise<void> {
    this.#served.add(row);
    for (let need = loadNeed(this.#words, row); need !== null; need = loadNeed(this.#words, row)) {
      this.#loop.sampleNow();
      const missingBytes = need.bytes - loadRoom(this.#words);
      if (need.bytes > 0 && missingBytes > 0) {
        const round = this.#sampler.evict(missingBytes, 'emergency');
        this.#loop.expedite();
        await round;
        this.#loop.sampleNow();
      }
      answerNeed(this.#words, row, need.ticket);
      ringThread(this.#words, row);
    }
    this.#served.delete(row);
  }
}
