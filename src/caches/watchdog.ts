import { createRecentPeak } from '../core/recent-peak.js';
import { askForSample } from '../page/bell.js';
import { monotonicUs } from '../page/clock.js';
import { loadGuard, loadPeakGuard, loadStateVersion, PEAK_MEMORY_MS } from '../page/guard.js';
import type { Collector } from './collection.js';

/** Collections of last resort may take this share of wall time. */
const WATCHDOG_DUTY = 0.5;

/** So much of what may be added, taken by other than the caches since the last sample, is worth another sample at once. */
const FOREIGN_SHARE = 0.125;

/** Buffers that a collection found dead are counted as held until the background sweeper has freed them: a few milliseconds. */
const SWEEP_US = 10_000;

/**
 * The thread's own look-out between two samples. The sampler is on time only when the machine lets it; a thread that allocates 1 GB/s
 * needs no more than a few late samples to reach the limit. So each thread counts what it came to hold since the last sample
 * and, past what the sampler said may be added, helps itself: first collects, then drops what is still too much. Runs inside cache
 * operations, on the owning thread.
 */
export class Watchdog {
  readonly #words: Int32Array;
  readonly #collector: Collector;
  readonly #drop: (bytes: number) => void;
  readonly #nowUs: () => number;
  #stateVersion = -1;
  #heldAtSampleBytes = 0;
  /** The most that was held at a sample of late. */
  readonly #heldPeak = createRecentPeak(PEAK_MEMORY_MS);
  /** What was held, and what the caches had taken in, at the last look; and what others took since the last sample. */
  #heldBytes = 0;
  #takenBytes = 0;
  #foreignBytes = 0;
  /** Dropped since the last sample: counts as held until it is collected, but not as too much again. */
  #droppedBytes = 0;
  /** The sample since which another was asked for. */
  #askedVersion = -1;
  /** The sample since which it was collected, and when that was. */
  #collectedVersion = -1;
  #collectedUs = Number.NEGATIVE_INFINITY;

  /** @param drop drops bytes from the thread's caches at once. */
  constructor(
    words: Int32Array,
    collector: Collector,
    drop: (bytes: number) => void,
    nowUs: () => number = monotonicUs,
  ) {
    this.#words = words;
    this.#collector = collector;
    this.#drop = drop;
    this.#nowUs = nowUs;
  }

  /** @param heldBytes as just read; `takenBytes`: all that the caches ever took in, so that its growth explains growth of the former. */
  look(heldBytes: number, takenBytes: number): void {
    // where less is held although more was taken in, V8 collected, and what others took meanwhile cannot be told
    this.#foreignBytes += Math.max(0, heldBytes - this.#heldBytes - (takenBytes - this.#takenBytes));
    this.#heldBytes = heldBytes;
    this.#takenBytes = takenBytes;
    const version = loadStateVersion(this.#words);
    if (version === 0) return; // nothing was sampled yet, so nobody said how much may be added
    if (version !== this.#stateVersion) {
      this.#stateVersion = version;
      this.#heldAtSampleBytes = heldBytes;
      this.#heldPeak.add(this.#nowUs() / 1e3, heldBytes);
      this.#foreignBytes = 0;
      this.#droppedBytes = 0;
      return;
    }
    if (this.#foreignBytes > FOREIGN_SHARE * loadGuard(this.#words) && this.#askedVersion !== version) {
      this.#askedVersion = version;
      askForSample(this.#words);
    }
    const nowUs = this.#nowUs();
    const excessBytes = heldBytes - this.#mostBytes(nowUs);
    this.#droppedBytes = Math.min(this.#droppedBytes, Math.max(0, excessBytes)); // V8 collected some of it
    if (excessBytes <= 0) return;
    if (this.#collectedVersion !== version && this.#collector.isDue(WATCHDOG_DUTY)) {
      this.#collector.collect();
      this.#collectedVersion = version;
      this.#collectedUs = nowUs;
      this.#droppedBytes = 0;
    } else if (nowUs - this.#collectedUs >= SWEEP_US && excessBytes > this.#droppedBytes) {
      this.#drop(excessBytes - this.#droppedBytes);
      this.#droppedBytes = excessBytes;
    }
  }

  /**
   * What may be held until the next sample: the guard more than at the last one, or the guard of the peak more than at the peak. The latter where the
   * allocator keeps the pages of what was collected, and the caches fill them again; what others take may well be on pages of its own.
   */
  #mostBytes(nowUs: number): number {
    const mostBytes = this.#heldAtSampleBytes + loadGuard(this.#words);
    const peakGuardBytes = loadPeakGuard(this.#words);
    if (peakGuardBytes === 0) return mostBytes;
    return Math.max(mostBytes, this.#heldPeak.value(nowUs / 1e3) + peakGuardBytes - this.#foreignBytes);
  }
}
