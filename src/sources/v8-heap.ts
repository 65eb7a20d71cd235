import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
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
 * How long a step of the old generation counts as what the next collection may do. Longer than a few collections at any pace that
 * kills within seconds; shorter than the time after which the steps of a start have nothing to do with the present.
 */
const STEP_MEMORY_MS = 1000;

/**
 * Reads the heap that the calling thread lives in, against what kills it. About 2 µs; call it on the thread whose heap it is.
 *
 * The limit is the old generation's, because `used_heap_size / heap_size_limit` cannot see the end: the last value before an abort
 * was 0.26 to 0.95. The young generation matters too where it is big against the old one: a collection promotes it in one step,
 * and V8 aborts when that step does not fit, with the old generation at 0.62 to 0.87 of 64 MiB. So the largest step seen in the
 * last second, at most what the semi-space holds when it is full, counts as used. With it the last value was 0.95 or more, and garbage
 * that dies young counts for nothing, because it is never promoted.
 */
export class HeapReader {
  /** The part of the last `oldUsedBytes` that the old generation did not hold yet. */
  promotableBytes = 0;
  readonly #youngBytes: number;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #lastHeldBytes = 0;
  #stepBytes = 0;
  #stepSeenMs = Number.NEGATIVE_INFINITY;

  /**
   * @param workerYoungMib `resourceLimits.maxYoungGenerationSizeMb` of node:worker_threads inside a worker; null on the main
   *   thread, where `resourceLimits` is empty.
   */
  constructor(workerYoungMib: number | null = null) {
    this.#youngBytes = deduceYoungBytes(currentConfiguration(getHeapStatistics().heap_size_limit, workerYoungMib));
  }

  readInto(heap: ThreadHeapReading): void {
    const { heap_size_limit, used_heap_size, external_memory } = getHeapStatistics();
    let heldBytes = 0;
    let semiSpaceBytes = 0;
    for (const space of getHeapSpaceStatistics()) {
      if (space.space_name === 'new_space') semiSpaceBytes = space.space_used_size + space.space_available_size;
      else if (space.space_name !== 'new_large_object_space') heldBytes += space.space_used_size;
    }
    this.#noteStep(heldBytes, performance.now());
    this.promotableBytes = Math.min(this.#stepBytes, semiSpaceBytes);
    heap.oldUsedBytes = heldBytes + this.promotableBytes;
    heap.oldLimitBytes = heap_size_limit - this.#youngBytes;
    heap.heapUsedBytes = used_heap_size;
    heap.externalBytes = external_memory;
  }

  /** Between two reads that are far apart lie many collections; their sum says nothing about the next one. */
  #noteStep(heldBytes: number, nowMs: number): void {
    const stepBytes = nowMs - this.#lastReadMs <= STEP_MEMORY_MS ? Math.max(0, heldBytes - this.#lastHeldBytes) : 0;
    if (stepBytes >= this.#stepBytes || nowMs - this.#stepSeenMs > STEP_MEMORY_MS) {
      this.#stepBytes = stepBytes;
      this.#stepSeenMs = nowMs;
    }
    this.#lastReadMs = nowMs;
    this.#lastHeldBytes = heldBytes;
  }
}
