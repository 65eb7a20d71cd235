import { monotonicUs } from '../page/clock.js';
import { emptyThreadHeap, publishThreadHeap } from '../page/thread-rows.js';
import { HeapReader } from '../sources/v8-heap.js';
import type { Collector } from './collection.js';

/** Publishing costs about 5 µs; more often than this it would tell nothing new. */
const LEAST_INTERVAL_US = 2000;

/**
 * Publishes this thread's heap on the page, and tells the collector how much of what the thread holds is dead: what it holds
 * beside its caches, beyond the least that it ever held beside them. A collection of ours shows that least exactly; V8's own
 * show it now and then, which is enough, since it only ever falls.
 */
export class HeapWatch {
  readonly #words: Int32Array;
  readonly #threadRow: number;
  readonly #collector: Collector;
  readonly #reader: HeapReader;
  readonly #heap = emptyThreadHeap();
  /** Least seen of what is held beside the caches since our last collection. */
  #leastBesideBytes = Number.POSITIVE_INFINITY;
  #collections = 0;

  /** @param workerYoungMib of `HeapReader`. */
  constructor(words: Int32Array, threadRow: number, collector: Collector, workerYoungMib: number | null) {
    this.#reader = new HeapReader(workerYoungMib);
    this.#words = words;
    this.#threadRow = threadRow;
    this.#collector = collector;
  }

  /** What the heap held when it was published last, inside V8 and outside, bytes. */
  get heldBytes(): number {
    return this.#heap.heapUsedBytes + this.#heap.externalBytes;
  }

  /** Publishes unless it was done a moment ago. @param cacheBytes of this thread. @returns whether it did. */
  publishIfDue(cacheBytes: number): boolean {
    if (monotonicUs() - this.#heap.publishedUs < LEAST_INTERVAL_US) return false;
    this.publish(cacheBytes);
    return true;
  }

  /** Reads the heap and publishes it. @param cacheBytes of this thread. */
  publish(cacheBytes: number): void {
    const nowUs = monotonicUs();
    this.#reader.readInto(this.#heap);
    this.#heap.publishedUs = nowUs;
    publishThreadHeap(this.#words, this.#threadRow, this.#heap);
    const heldBytes = this.#heap.oldUsedBytes - this.#reader.promotableBytes + this.#heap.externalBytes;
    const besideBytes = heldBytes - cacheBytes;
    if (this.#collector.count !== this.#collections) {
      this.#collections = this.#collector.count;
      this.#leastBesideBytes = besideBytes;
    }
    this.#leastBesideBytes = Math.min(this.#leastBesideBytes, besideBytes);
    this.#collector.noteDead(besideBytes - this.#leastBesideBytes);
  }
}
