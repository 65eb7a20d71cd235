import { monotonicUs } from '../page/clock.js';
import { emptyThreadHeap, publishThreadHeap } from '../page/thread-rows.js';
import { createHeapReader } from '../sources/v8-heap.js';
import type { Collector } from './collection.js';

/** Publishing costs about 5 µs; more often than this it would tell nothing new. */
const LEAST_INTERVAL_US = 4000;

/** A fall of what the heap holds by this share of the uncollected bytes means that V8 collected them. */
const COLLECTED_SHARE = 0.5;

/** Publishes this thread's heap on the page, and tells the collector when V8 collected by itself. */
export class HeapWatch {
  readonly #words: Int32Array;
  readonly #threadRow: number;
  readonly #collector: Collector;
  readonly #reader = createHeapReader();
  readonly #heap = emptyThreadHeap();
  #heldBefore = 0;

  constructor(words: Int32Array, threadRow: number, collector: Collector) {
    this.#words = words;
    this.#threadRow = threadRow;
    this.#collector = collector;
  }

  /** Publishes unless it was done a moment ago. */
  publish(): void {
    const nowUs = monotonicUs();
    if (nowUs - this.#heap.publishedUs < LEAST_INTERVAL_US) return;
    this.#reader.readInto(this.#heap);
    this.#heap.publishedUs = nowUs;
    publishThreadHeap(this.#words, this.#threadRow, this.#heap);
    const heldBytes = this.#heap.heapUsedBytes + this.#heap.externalBytes;
    const { uncollectedBytes } = this.#collector;
    if (uncollectedBytes > 0 && this.#heldBefore - heldBytes > COLLECTED_SHARE * uncollectedBytes) {
      this.#collector.noteForeignCollection();
    }
    this.#heldBefore = heldBytes;
  }
}
