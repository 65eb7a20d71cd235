import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { PromotionEstimate, type YoungGeneration } from './promotion.js';
import { currentConfiguration, deduceYoungBytes } from './v8-generations.js';

/** The heap of the calling thread, bytes. */
export interface ThreadHeapReading {
  /** What the old generation holds, and what the next collection may add to it. */
  oldUsedBytes: number;
  /** What V8 lets the old generation grow to before it aborts with "Reached heap limit". */
  oldLimitBytes: number;
  /** As v8.getHeapStatistics counts them: both generations; and memory outside the heap that it holds on to. */
  heapUsedBytes: number;
  externalBytes: number;
}

/**
 * Reads the heap that the calling thread lives in, against what kills it. About 2 µs; call it on the thread whose heap it is.
 *
 * The limit is the old generation's, because `used_heap_size / heap_size_limit` cannot see the end: growing plain objects, the last
 * value before an abort was 0.26 to 0.95. Where the young generation is big against the old one, what it would add counts too: V8
 * aborted with an old generation at 0.62 to 0.87 of 64 MiB, because the survivors of the next collection did not fit. So read, it
 * was at 0.95 or more before every abort on Node 20, 22, 24 and 26 with 64, 256 and 1024 MiB. What cannot be seen coming is a single
 * allocation that is larger than what is left, such as a Map of a million entries that doubles its table; and V8 gives up earlier, from
 * 0.8 on, where four major collections in a row left that much and took 60 % of the time, as on a machine that is busy with other things.
 */
export class HeapReader {
  /** The part of the last `oldUsedBytes` that the old generation did not hold yet. */
  promotableBytes = 0;
  readonly #nowMs: () => number;
  readonly #youngBytes: number;
  readonly #promotion = new PromotionEstimate();
  readonly #young: YoungGeneration = { heldBytes: 0, semiSpaceBytes: 0 };

  /**
   * @param nowMs a monotonic clock.
   * @param workerYoungMib `resourceLimits.maxYoungGenerationSizeMb` of node:worker_threads inside a worker; null on the main
   *   thread, where `resourceLimits` is empty.
   */
  constructor(nowMs: () => number, workerYoungMib: number | null = null) {
    this.#nowMs = nowMs;
    this.#youngBytes = deduceYoungBytes(currentConfiguration(getHeapStatistics().heap_size_limit, workerYoungMib));
  }

  readInto(heap: ThreadHeapReading): void {
    const { heap_size_limit, used_heap_size, external_memory } = getHeapStatistics();
    let heldBytes = 0;
    const young = this.#young;
    young.heldBytes = 0;
    for (const { space_name, space_used_size, space_available_size } of getHeapSpaceStatistics()) {
      const isYoung = space_name === 'new_space' || space_name === 'new_large_object_space';
      if (isYoung) young.heldBytes += space_used_size;
      else heldBytes += space_used_size;
      if (space_name === 'new_space') young.semiSpaceBytes = space_used_size + space_available_size;
    }
    const limitBytes = heap_size_limit - this.#youngBytes;
    this.promotableBytes = this.#promotion.update(heldBytes, limitBytes, young, this.#nowMs());
    heap.oldUsedBytes = Math.round(heldBytes + this.promotableBytes);
    heap.oldLimitBytes = limitBytes;
    heap.heapUsedBytes = used_heap_size;
    heap.externalBytes = external_memory;
  }
}
