import type { Collect, Engine } from './engine.js';

/** At most this share of wall time goes into collections that orders ask for when they are due, below emergency. Source: the design, policy 6. */
export const COLLECTION_DUTY = 0.05;

/** Collections that keep the float of evicted bytes small may take this share of wall time. Source: bench/squeeze. */
const PACE_DUTY = 0.03;

/**
 * The same where `emergency` was less than so many paces away at the recent peak, and closer than `critical`: what V8 leaves dead between two of its
 * own collections, twice its 64 MiB at 1 GB/s, would then reach the limit. Source: bench/squeeze with 256 KiB and other memory at 500 MB/s.
 */
const TIGHT_PACES = 2;
const TIGHT_DUTY = 0.2;

/** Where at most this share of what was dead is left, V8 collected; what is estimated wavers by less. */
const COLLECTED_SHARE = 0.7;

/**
 * Asks V8 for collections on the thread that owns it, and keeps the books: how many, how long, and how many evicted bytes are
 * still uncollected as far as this thread knows.
 */
export class Collector {
  readonly #collect: Collect | null;
  readonly #nowUs: Engine['nowUs'];
  readonly #onCollected: () => void;
  #count = 0;
  #totalUs = 0;
  #lastUs = 0;
  #lastEndUs = -Infinity;
  #uncollectedBytes = 0;
  /** When the least was last dead: after a collection, whoever asked for it. */
  #freshUs = -Infinity;

  /**
   * @param mode `'never'`: nothing is ever asked for.
   * @param onCollected called after each collection, when the books are up to date.
   */
  constructor(mode: 'auto' | 'never', { findCollect, nowUs }: Engine, onCollected: () => void = () => undefined) {
    this.#onCollected = onCollected;
    this.#collect = mode === 'never' ? null : findCollect();
    this.#nowUs = nowUs;
  }

  /** Collections asked for so far, and the µs they took. */
  get count(): number {
    return this.#count;
  }
  get totalUs(): number {
    return this.#totalUs;
  }
  /** Bytes evicted since the last major collection that this thread knows of. */
  get uncollectedBytes(): number {
    return this.#uncollectedBytes;
  }

  noteEvicted(bytes: number): void {
    this.#uncollectedBytes += bytes;
  }

  /** What the heap shows as dead; V8 may have collected some of what was evicted by itself. */
  noteDead(bytes: number): void {
    if (bytes >= this.#uncollectedBytes) return;
    if (bytes < COLLECTED_SHARE * this.#uncollectedBytes) this.#freshUs = this.#nowUs();
    this.#uncollectedBytes = bytes;
  }

  /** Whether another collection now would keep the share of wall time under `duty`. */
  isDue(duty: number): boolean {
    return this.#collect !== null && this.#nowUs() - this.#lastEndUs >= this.#lastUs * (1 / duty - 1);
  }

  /**
   * Whether collections of what is dead now, again and again, would keep that share: what is dead came slowly enough. Where it does not, a
   * collection now and then would only come on top of V8's own.
   */
  keepsPace(duty: number): boolean {
    return this.isDue(duty) && this.#nowUs() - this.#freshUs >= this.#lastUs * (1 / duty - 1);
  }

  /**
   * Whether so much is dead that the pace asks for a collection now, and lets it have the time.
   * @param tightGuardBytes what was left up to `emergency` at a recent peak that was close to it; 0: it was not.
   */
  isPaced(paceBytes: number, tightGuardBytes: number): boolean {
    if (this.#uncollectedBytes < paceBytes) return false;
    const isTight = tightGuardBytes > 0 && tightGuardBytes < TIGHT_PACES * paceBytes;
    return isTight ? this.isDue(TIGHT_DUTY) : this.keepsPace(PACE_DUTY);
  }

  /** Collects now; synchronous. @returns false where collecting is not possible or not allowed. */
  collect(): boolean {
    if (this.#collect === null) return false;
    const startUs = this.#nowUs();
    const isDone = this.#collect();
    this.#lastEndUs = this.#nowUs();
    this.#lastUs = this.#lastEndUs - startUs;
    if (!isDone) return false;
    this.#totalUs += this.#lastUs;
    this.#count++;
    this.#uncollectedBytes = 0;
    this.#freshUs = this.#lastEndUs;
    this.#onCollected();
    return true;
  }
}
