import { emptyThreadHeap, publishThreadHeap } from '../page/thread-rows.js';
import type { Collector } from './collection.js';
import type { Engine } from './engine.js';

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
  readonly #engine: Engine;
  readonly #heap = emptyThreadHeap();
  /** Least seen of what is held beside the caches since our last collection. */
  #leastBesideBytes = Number.POSITIVE_INFINITY;
  #collections = 0;

  constructor(words: Int32Array, threadRow: number, collector: Collector, engine: Engine) {
    this.#engine = engine;
    this.#words = words;
    this.#threadRow = threadRow;
    this.#collector = collector;
  }

  /** What the heap held when it was published last, inside V8 and outside, bytes. */
  get heldBytes(): number {
    return this.#heap.heapUsedBytes + this.#heap.externalBytes;
  }

  /** What the old generation held and its limit when they were published last, bytes. */
  get oldGeneration(): { readonly usedBytes: number; readonly limitBytes: number } {
    return { usedBytes: this.#heap.oldUsedBytes, limitBytes: this.#heap.oldLimitBytes };
  }

  /** Whether publishing would tell something new. */
  get isDue(): boolean {
    return this.#engine.nowUs() - this.#heap.publishedUs >= LEAST_INTERVAL_US;
  }

  /** Reads the heap and publishes it. @param cacheBytes of this thread. */
  publish(cacheBytes: number): void {
    const nowUs = this.#engine.nowUs();
    this.#engine.heap.readInto(this.#heap);
    this.#heap.publishedUs = nowUs;
    publishThreadHeap(this.#words, this.#threadRow, this.#heap);
    const heldBytes = this.#heap.oldUsedBytes - this.#engine.heap.promotableBytes + this.#heap.externalBytes;
    const besideBytes = heldBytes - cacheBytes;
    if (this.#collector.count !== this.#collections) {
      this.#collections = this.#collector.count;
      this.#leastBesideBytes = besideBytes;
    }
    this.#leastBesideBytes = Math.min(this.#leastBesideBytes, besideBytes);
    this.#collector.noteDead(besideBytes - this.#leastBesideBytes);
  }
}
