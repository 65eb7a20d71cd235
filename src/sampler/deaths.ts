import { formatBytes } from '../core/units.js';
import type { SamplerMessage } from '../page/protocol.js';
import { reclaimThread } from '../page/reclaim.js';
import { loadReserved } from '../page/room.js';
import { liveThreadRows, type ThreadClaim, threadId, threadKernelId, threadOwner } from '../page/thread-rows.js';
import { isKernelThreadThere } from '../sources/kernel-thread.js';

/** A look costs about 3 µs for each thread; a lifeline tells of most deaths at once. */
const LOOK_US = 100_000;

/** Takes the rows of threads that ended, and finds those that ended without a word where the kernel lists its threads. Runs where the sampler runs. */
export class Deaths {
  readonly #words: Int32Array;
  readonly #post: (message: SamplerMessage) => void;
  #lookedUs = Number.NEGATIVE_INFINITY;

  constructor(words: Int32Array, post: (message: SamplerMessage) => void) {
    this.#words = words;
    this.#post = post;
  }

  look(nowUs: number): void {
    if (nowUs - this.#lookedUs < LOOK_US) return;
    this.#lookedUs = nowUs;
    for (const row of liveThreadRows(this.#words)) {
      const generation = threadOwner(this.#words, row); // before the id: an id is there before its owner is
      const kernelId = threadKernelId(this.#words, row);
      if (generation !== 0 && kernelId > 0 && !isKernelThreadThere(kernelId)) this.bury({ row, generation });
    }
  }

  /** @returns false when the thread had given its rows back. */
  bury(claim: ThreadClaim): boolean {
    const reservedBytes = loadReserved(this.#words, claim.row);
    const thread = threadId(this.#words, claim.row);
    if (!reclaimThread(this.#words, claim)) return false;
    if (reservedBytes > 0) {
      const message = `Thread ${thread} ended with ${formatBytes(reservedBytes)} reserved and not released`;
      this.#post({ type: 'error', code: 'ERR_SPILLWAY_RESERVATION', message });
    }
    return true;
  }
}
