import { GCProfiler } from 'node:v8';

/**
 * V8 aborts with "Ineffective mark-compacts near heap limit" when four major collections in a row leave the old generation at this share
 * of its limit or more, and take 60 % of the time (Heap::CheckIneffectiveMarkCompact in V8's heap.cc). A thread that has to share its
 * processor gets there long before its limit: its collections take the longer, and it allocates the less between them.
 */
export const GIVES_UP_SHARE = 0.8;

/** So many in a row are half of what V8 needs; between two readings there are seldom more. */
const LEAST_IN_A_ROW = 2;

/** Of the time. V8 counts incremental steps too, of which nothing tells, so this is half of what it goes by. */
const LEAST_TIME_SHARE = 0.3;

/** Collections that leave at least this share are watched, and each then costs about 10 µs more: a heap grows past V8's mark in between. */
const WATCHED_SHARE = 0.75;

interface HeapSpace {
  readonly spaceName: string;
  readonly spaceUsedSize: number;
}

/** Whether V8 is about to give a heap up. Runs on the thread whose heap it is; sees what was collected without a turn of the event loop. */
export class FutileCollections {
  #profiler: GCProfiler | null = null;
  #lastMs = 0;
  #timeShare: number | null = null;
  #inARow = 0;

  /**
   * @param usedBytes what the old generation holds now, of `limitBytes`.
   * @param nowMs monotonic time.
   * @returns true where V8 aborts after a few more collections like the last ones.
   */
  update(usedBytes: number, limitBytes: number, nowMs: number): boolean {
    if (usedBytes < WATCHED_SHARE * limitBytes) this.#close();
    else if (this.#profiler === null) this.#open(nowMs);
    else this.#take(this.#profiler, limitBytes, nowMs);
    return this.#inARow >= LEAST_IN_A_ROW;
  }

  #open(nowMs: number): void {
    this.#profiler = new GCProfiler();
    this.#profiler.start();
    this.#lastMs = nowMs;
  }

  #close(): void {
    this.#profiler?.stop();
    this.#profiler = null;
    this.#timeShare = null;
    this.#inARow = 0;
  }

  #take(profiler: GCProfiler, limitBytes: number, nowMs: number): void {
    const collections = profiler.stop().statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact');
    profiler.start();
    const spentMs = nowMs - this.#lastMs;
    for (const { cost, afterGC } of collections) {
      this.note(cost / 1e3, spentMs / collections.length, oldBytes(afterGC.heapSpaceStatistics) / limitBytes);
    }
    if (collections.length > 0) this.#lastMs = nowMs;
  }

  /**
   * Counts one major collection, as V8 does.
   * @param costMs of the `spentMs` since the one before.
   * @param leftShare what it left, of the limit.
   */
  note(costMs: number, spentMs: number, leftShare: number): void {
    const timeShare = costMs / spentMs;
    this.#timeShare = this.#timeShare === null ? timeShare : (this.#timeShare + timeShare) / 2;
    this.#inARow = leftShare >= WATCHED_SHARE && this.#timeShare >= LEAST_TIME_SHARE ? this.#inARow + 1 : 0;
  }
}

function oldBytes(spaces: readonly HeapSpace[]): number {
  let bytes = 0;
  for (const { spaceName, spaceUsedSize } of spaces) {
    if (spaceName !== 'new_space' && spaceName !== 'new_large_object_space') bytes += spaceUsedSize;
  }
  return bytes;
}
