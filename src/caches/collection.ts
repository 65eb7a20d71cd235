import { MIB } from '../core/units.js';
import { emptyThreadHeap } from '../page/thread-rows.js';
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
 * V8 aborts where four collections in a row leave its old generation at 0.8 of the limit or more and took most of the time, whoever asked for them. So one
 * that would leave nearly as much, by what is known to be dead, is not asked for: V8 collects by itself before the heap reaches its end. Source:
 * `Heap::CheckIneffectiveMarkCompact` of V8.
 */
const VAIN_SHARE = 0.78;

/**
 * V8 allocates what is likely to live long in its old generation at once. Where a collection leaves less than a tenth of the heap it forgets which
 * code makes such things, and may never learn it again: a cache of objects was half as fast from then on. Twice that share, since what is declared
 * is not what is freed. Source: `Heap::EvaluateOldSpaceLocalPretenuring` of V8, bench/squeeze with objects.
 */
const LEAST_SURVIVAL = 0.2;

/** The collection of a heap below that takes a few ms. Source: bench/eviction, where one of 34 MB takes 20 ms. */
const SMALL_HEAP_BYTES = 16 * MIB;

/**
 * Asks V8 for collections on the thread that owns it, and keeps the books: how many, how long, and how many evicted bytes are
 * still uncollected as far as this thread knows.
 */
export class Collector {
  readonly #collect: Collect | null;
  readonly #nowUs: Engine['nowUs'];
  readonly #heap: Engine['heap'];
  readonly #onCollected: () => void;
  readonly #reading = emptyThreadHeap();
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
  constructor(mode: 'auto' | 'never', { findCollect, nowUs, heap }: Engine, onCollected: () => void = () => undefined) {
    this.#onCollected = onCollected;
    this.#collect = mode === 'never' ? null : findCollect();
    this.#nowUs = nowUs;
    this.#heap = heap;
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
   * @param isHeld whether an order is under way, which the pace waits for where it is not that close.
   */
  isPaced(paceBytes: number, tightGuardBytes: number, isHeld: boolean): boolean {
    if (this.#uncollectedBytes < paceBytes) return false;
    const isTight = tightGuardBytes > 0 && tightGuardBytes < TIGHT_PACES * paceBytes;
    return isTight ? this.isDue(TIGHT_DUTY) : !isHeld && this.keepsPace(PACE_DUTY);
  }

  /** Whether a collection would take a few ms. */
  get isBrief(): boolean {
    this.#heap.readInto(this.#reading);
    return this.#reading.oldUsedBytes < SMALL_HEAP_BYTES;
  }

  /** Collects now; synchronous. @returns false where collecting is not possible or not allowed, or would leave the heap so full that V8 may give it up. */
  collect(): boolean {
    if (this.#collect === null) return false;
    const startUs = this.#nowUs();
    if (this.#wouldBeInVain()) return false;
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

  /**
   * Bytes that caches in V8's heap, which hold so much by what they declare, may drop before the next collection, so that it does not find the heap all but
   * empty. Infinity: anything.
   */
  mostDroppedBytes(heldBytes: number): number {
    if (this.#collect === null) return Number.POSITIVE_INFINITY;
    this.#heap.readInto(this.#reading);
    const { oldUsedBytes } = this.#reading;
    if (heldBytes > oldUsedBytes) return Number.POSITIVE_INFINITY; // most of this thread's are outside
    const mostBytes = Math.max(0, (1 - LEAST_SURVIVAL) * oldUsedBytes - this.#uncollectedBytes);
    const areMostOfIt = heldBytes > oldUsedBytes / 2; // and may be more than they declare
    return areMostOfIt ? Math.min(mostBytes, (1 - LEAST_SURVIVAL) * heldBytes) : mostBytes;
  }

  #wouldBeInVain(): boolean {
    this.#heap.readInto(this.#reading);
    const { oldUsedBytes, oldLimitBytes } = this.#reading;
    return oldLimitBytes > 0 && oldUsedBytes - this.#uncollectedBytes >= VAIN_SHARE * oldLimitBytes;
  }
}
