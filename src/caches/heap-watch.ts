import { createRestingBytes } from '../core/resting-bytes.js';
import { askForSample } from '../page/bell.js';
import { loadStateVersion } from '../page/guard.js';
import { EpochView } from '../page/page.js';
import { emptyThreadHeap, publishThreadHeap } from '../page/thread-rows.js';
import type { Collector } from './collection.js';
import type { Engine } from './engine.js';

/** Publishing costs about 5 µs; more often than this it would tell nothing new. */
const LEAST_INTERVAL_US = 2000;

/** One of so many glances looks at the clock, the others only at the page. A power of two. */
const GLANCES = 64;

/** A heap that took this share of the room it had when the last sample came, or was asked for, is worth another. */
const TAKEN_SHARE = 0.125;

/**
 * Publishes this thread's heap on the page, and tells the collector how much of what the thread holds is dead: what it holds
 * beside its caches, beyond what it rests at. A collection of ours shows that exactly; V8's own show it by and by.
 */
export class HeapWatch {
  readonly #words: Int32Array;
  readonly #threadRow: number;
  readonly #collector: Collector;
  readonly #engine: Engine;
  readonly #heap = emptyThreadHeap();
  readonly #epoch: EpochView;
  #glances = 0;
  /** The sample since which growth is counted, and from which use: then, or when another was asked for. */
  #stateVersion = -1;
  #countedFromBytes = 0;
  readonly #resting = createRestingBytes();
  #collections = 0;

  constructor(words: Int32Array, threadRow: number, collector: Collector, engine: Engine) {
    this.#engine = engine;
    this.#words = words;
    this.#epoch = new EpochView(words);
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

  /** When the heap was published last, monotonic µs. */
  get publishedUs(): number {
    return this.#heap.publishedUs;
  }

  /**
   * The thread reads the page: shows its heap, where that may tell something new. A loop that does nothing but allocate and read the level
   * would else be judged by what its heap was when its event loop turned last. One plain load as a rule.
   */
  glance(cacheBytes: number): void {
    if ((++this.#glances & (GLANCES - 1)) !== 0 && !this.#epoch.seemsMoved) return;
    this.#epoch.see();
    if (this.isDue) this.publish(cacheBytes);
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
    this.#askWhenTaken();
    const heldBytes = this.#heap.oldUsedBytes - this.#engine.heap.promotableBytes + this.#heap.externalBytes;
    if (this.#collector.count !== this.#collections) {
      this.#collections = this.#collector.count;
      this.#resting.collected();
    }
    this.#collector.noteDead(this.#resting.deadOf(heldBytes - cacheBytes));
  }

  /** The sampler plans by what it saw last; it comes before its time where the heap fills faster. */
  #askWhenTaken(): void {
    const { oldUsedBytes, oldLimitBytes } = this.#heap;
    const version = loadStateVersion(this.#words);
    const takenBytes = oldUsedBytes - this.#countedFromBytes;
    const asks = takenBytes >= TAKEN_SHARE * (oldLimitBytes - this.#countedFromBytes);
    if (asks || version !== this.#stateVersion) this.#countedFromBytes = oldUsedBytes;
    this.#stateVersion = version;
    if (asks) askForSample(this.#words);
  }
}
