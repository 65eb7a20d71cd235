import { MIB } from '../core/units.js';
import { emptyThreadHeap } from '../page/thread-rows.js';
import type { Collector } from './collection.js';
import type { HeapOfThread } from './engine.js';

/** Collections for a heap that is nearly full may take this share of wall time: V8 would spend more before it gives up. */
const FULL_HEAP_DUTY = 0.5;

/** Building an array of doubles, say, takes twice its size. */
const UNREAD_DIVISOR = 4;

/** How far from its end a heap is relieved: three times what a thread puts between two looks, within a share that small heaps can bear. */
const LEAST_DISTANCE_BYTES = 24 * MIB;
const MOST_DISTANCE_SHARE = 0.2;

/**
 * Whether V8's heap of the calling thread can take more. The heap is read again whenever a quarter of what was left was asked for, so that
 * a loop meets the ceiling however fast it allocates, also where an allocation costs a few times what was asked for. Nobody says whether memory is for the heap or outside it: a single
 * request that is larger than what the heap has left is taken to be for outside.
 */
export class HeapRoom {
  readonly #heap: HeapOfThread;
  readonly #collector: Collector;
  readonly #ceilingRatio: number | null;
  readonly #drop: (bytes: number) => void;
  readonly #reading = emptyThreadHeap();
  #unreadBytes = 0;

  /**
   * @param ceilingRatio share of the old generation's limit, null: the heap is not watched.
   * @param drop makes this thread's caches give so much at once.
   */
  constructor(heap: HeapOfThread, collector: Collector, ceilingRatio: number | null, drop: (bytes: number) => void) {
    this.#heap = heap;
    this.#collector = collector;
    this.#ceilingRatio = ceilingRatio;
    this.#drop = drop;
  }

  /** Books the bytes; makes room by collecting and dropping where there is none. O(1) while there is plenty. */
  has(bytes: number): boolean {
    if (this.#ceilingRatio === null) return true;
    this.#unreadBytes -= bytes;
    if (this.#unreadBytes >= 0) return true;
    if (this.#look(this.#ceilingRatio) > 0) return true;
    if (this.#collector.isDue(FULL_HEAP_DUTY) && this.#collector.collect() && this.#look(this.#ceilingRatio) > 0)
      return true;
    this.#dropBeyond(bytes - this.#look(this.#ceilingRatio));
    this.#collector.collect();
    return this.#look(this.#ceilingRatio) > 0;
  }

  /**
   * Keeps the heap away from its end between two samples: V8 aborts without asking, and a thread that fills its heap at 1 GB/s is
   * faster than any sampler. To be called whenever the thread has come to hold a little more.
   */
  relieve(oldUsedBytes: number, oldLimitBytes: number): void {
    if (this.#ceilingRatio === null || oldLimitBytes <= 0) return;
    const distanceBytes = distanceOf(oldLimitBytes);
    const ceilingBytes = Math.min(this.#ceilingRatio * oldLimitBytes, oldLimitBytes - distanceBytes);
    if (oldUsedBytes < ceilingBytes) return;
    this.#look(this.#ceilingRatio);
    if (this.#collector.isDue(FULL_HEAP_DUTY) && this.#collector.collect()) {
      this.#look(this.#ceilingRatio);
      if (this.#reading.oldUsedBytes < ceilingBytes - distanceBytes) return;
    }
    this.#dropBeyond(this.#reading.oldUsedBytes - (ceilingBytes - distanceBytes));
  }

  /** Drops what is not dead already, and goes with V8's next collection. */
  #dropBeyond(bytes: number): void {
    const liveBytes = bytes - this.#collector.uncollectedBytes;
    if (liveBytes > 0) this.#drop(liveBytes);
  }

  /** @returns bytes below the ceiling, negative above it. */
  #look(ceilingRatio: number): number {
    this.#heap.readInto(this.#reading);
    const { oldLimitBytes, oldUsedBytes } = this.#reading;
    const leftBytes = Math.min(ceilingRatio * oldLimitBytes, oldLimitBytes - distanceOf(oldLimitBytes)) - oldUsedBytes;
    this.#unreadBytes = Math.max(0, leftBytes / UNREAD_DIVISOR);
    return leftBytes;
  }
}

/** How far from its end a heap must be kept, bytes. */
function distanceOf(oldLimitBytes: number): number {
  return Math.min(LEAST_DISTANCE_BYTES, MOST_DISTANCE_SHARE * oldLimitBytes);
}
