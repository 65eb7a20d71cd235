import { loadGuard, loadStateVersion } from '../page/guard.js';
import type { Collector } from './collection.js';

/** Collections of last resort may take this share of wall time. */
const WATCHDOG_DUTY = 0.5;

/** What the watchdog needs of its thread. */
export interface WatchedThread {
  /** Bytes that the thread's heap holds now, inside V8 and outside; a fresh reading. */
  heldBytes(): number;
  /** Drops bytes from the thread's caches at once. */
  drop(bytes: number): void;
}

/**
 * The thread's own look-out between two samples. The sampler is on time only when the machine lets it; a thread that allocates 1 GB/s
 * needs no more than a few late samples to reach the limit. So each thread counts what it came to hold since the last sample
 * and, past what the sampler said may be added, helps itself: first collects, then drops what is still too much. Runs inside cache
 * operations, on the owning thread.
 */
export class Watchdog {
  readonly #words: Int32Array;
  readonly #collector: Collector;
  readonly #thread: WatchedThread;
  #stateVersion = -1;
  #heldAtSampleBytes = 0;

  constructor(words: Int32Array, collector: Collector, thread: WatchedThread) {
    this.#words = words;
    this.#collector = collector;
    this.#thread = thread;
  }

  /** @param heldBytes as just read. */
  look(heldBytes: number): void {
    const version = loadStateVersion(this.#words);
    if (version === 0) return; // nothing was sampled yet, so nobody said how much may be added
    if (version !== this.#stateVersion) {
      this.#stateVersion = version;
      this.#heldAtSampleBytes = heldBytes;
      return;
    }
    if (this.#excess(heldBytes) <= 0) return;
    if (this.#collector.isDue(WATCHDOG_DUTY)) this.#collector.collect();
    const excessBytes = this.#excess(this.#thread.heldBytes());
    if (excessBytes > 0) this.#thread.drop(excessBytes);
  }

  #excess(heldBytes: number): number {
    return heldBytes - this.#heldAtSampleBytes - loadGuard(this.#words);
  }
}
