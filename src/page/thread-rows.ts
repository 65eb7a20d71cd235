import { SpillwayError } from '../core/errors.js';
import { HEADER, THREAD, THREAD_ROWS, threadOffset } from './layout.js';
import { raiseRowsUsed } from './page.js';
import { loadWide, readUnderSequence, storeWide, writeUnderSequence } from './wide.js';

/** A thread's claim on its row. The generation tells this owner from every earlier one of the same row. */
export interface ThreadClaim {
  readonly row: number;
  readonly generation: number;
}

/** A thread whose event loop turns publishes its heap at least this often, ms, whatever else it does. */
export const HEAP_BEAT_MS = 250;

/** A heap as its own thread sees it; bytes. */
export interface ThreadHeap {
  /** Monotonic µs, 0: never published. */
  publishedUs: number;
  oldUsedBytes: number;
  /** V8's maximum for the old space; -1: unknown. */
  oldLimitBytes: number;
  heapUsedBytes: number;
  externalBytes: number;
}

export function emptyThreadHeap(): ThreadHeap {
  return { publishedUs: 0, oldUsedBytes: 0, oldLimitBytes: -1, heapUsedBytes: 0, externalBytes: 0 };
}

/**
 * Claims a free row for the calling thread.
 * @param kernelId the kernel's id of this thread, -1 where unknown.
 * @throws SpillwayError ERR_SPILLWAY_LEDGER_FULL
 */
export function claimThread(words: Int32Array, threadId: number, kernelId: number): ThreadClaim {
  const generation = Atomics.add(words, HEADER.GENERATION, 1) + 1;
  for (let row = 0; row < THREAD_ROWS; row++) {
    const at = threadOffset(row);
    if (Atomics.compareExchange(words, at + THREAD.OWNER, 0, -generation) !== 0) continue;
    raiseRowsUsed(words, HEADER.THREAD_ROWS_USED, row + 1);
    for (let word = THREAD.OWNER + 1; word < THREAD.CONTROL_SEQUENCE; word++) Atomics.store(words, at + word, 0);
    Atomics.store(words, at + THREAD.THREAD_ID, threadId);
    Atomics.store(words, at + THREAD.KERNEL_ID, kernelId);
    Atomics.store(words, at + THREAD.OWNER, generation);
    return { row, generation };
  }
  throw new SpillwayError('ERR_SPILLWAY_LEDGER_FULL', `All ${THREAD_ROWS} thread rows of the page are taken`);
}

/** Frees the row if `generation` still owns it; freeing it twice, or late, does nothing. */
export function releaseThread(words: Int32Array, claim: ThreadClaim): void {
  Atomics.compareExchange(words, threadOffset(claim.row) + THREAD.OWNER, claim.generation, 0);
}

/** The generation that owns the row, 0: free, or not filled in yet. */
export function threadOwner(words: Int32Array, row: number): number {
  return Math.max(0, Atomics.load(words, threadOffset(row) + THREAD.OWNER));
}

/** Rows that were ever claimed; a scan need not look further. */
export function threadRowsUsed(words: Int32Array): number {
  return Atomics.load(words, HEADER.THREAD_ROWS_USED);
}

/** Rows of the threads that are there; any thread. */
export function liveThreadRows(words: Int32Array): number[] {
  const rows: number[] = [];
  for (let row = 0; row < threadRowsUsed(words); row++) if (threadOwner(words, row) !== 0) rows.push(row);
  return rows;
}

export function threadId(words: Int32Array, row: number): number {
  return Atomics.load(words, threadOffset(row) + THREAD.THREAD_ID);
}

export function threadKernelId(words: Int32Array, row: number): number {
  return Atomics.load(words, threadOffset(row) + THREAD.KERNEL_ID);
}

/** Says whether the thread wants to hear of every sample. Owner only. */
export function storeWantsSamples(words: Int32Array, row: number, wants: boolean): void {
  Atomics.store(words, threadOffset(row) + THREAD.WANTS_SAMPLES, wants ? 1 : 0);
}

export function loadWantsSamples(words: Int32Array, row: number): boolean {
  return Atomics.load(words, threadOffset(row) + THREAD.WANTS_SAMPLES) === 1;
}

/** Says how far apart the samples are, at least, that the thread watches; whole ms, 0: it watches none. Owner only. */
export function storeWatchDistance(words: Int32Array, row: number, distanceMs: number): void {
  Atomics.store(words, threadOffset(row) + THREAD.WATCH_DISTANCE, distanceMs);
}

export function loadWatchDistance(words: Int32Array, row: number): number {
  return Atomics.load(words, threadOffset(row) + THREAD.WATCH_DISTANCE);
}

/** Says which sample is to be watched. Sampler only. */
export function storeWatchedSample(words: Int32Array, row: number, sampleCount: number): void {
  Atomics.store(words, threadOffset(row) + THREAD.WATCHED_SAMPLE, sampleCount);
}

export function loadWatchedSample(words: Int32Array, row: number): number {
  return Atomics.load(words, threadOffset(row) + THREAD.WATCHED_SAMPLE);
}

/** Publishes the calling thread's heap. Partner: `readThreadHeap`, under HEAP_SEQUENCE. Owner only. */
export function publishThreadHeap(words: Int32Array, row: number, heap: ThreadHeap): void {
  const at = threadOffset(row);
  writeUnderSequence(words, at + THREAD.HEAP_SEQUENCE, () => {
    storeWide(words, at + THREAD.HEAP_US, heap.publishedUs);
    storeWide(words, at + THREAD.OLD_USED, heap.oldUsedBytes);
    storeWide(words, at + THREAD.OLD_LIMIT, heap.oldLimitBytes);
    storeWide(words, at + THREAD.HEAP_USED, heap.heapUsedBytes);
    storeWide(words, at + THREAD.EXTERNAL, heap.externalBytes);
  });
}

/** Any thread. @returns false when the heap was never published or its writer died in the middle. */
export function readThreadHeap(words: Int32Array, row: number, into: ThreadHeap): boolean {
  const at = threadOffset(row);
  const consistent = readUnderSequence(words, at + THREAD.HEAP_SEQUENCE, () => {
    into.publishedUs = loadWide(words, at + THREAD.HEAP_US);
    into.oldUsedBytes = loadWide(words, at + THREAD.OLD_USED);
    into.oldLimitBytes = loadWide(words, at + THREAD.OLD_LIMIT);
    into.heapUsedBytes = loadWide(words, at + THREAD.HEAP_USED);
    into.externalBytes = loadWide(words, at + THREAD.EXTERNAL);
  });
  return consistent && into.publishedUs > 0;
}

/** What a thread did for pressure so far; counters only grow. */
export interface ThreadCounters {
  collections: number;
  collectionUs: number;
  evictedBytes: number;
  /** Bytes evicted since the last major collection that the thread knows of. */
  uncollectedBytes: number;
}

export function emptyThreadCounters(): ThreadCounters {
  return { collections: 0, collectionUs: 0, evictedBytes: 0, uncollectedBytes: 0 };
}

/** Owner only. */
export function storeThreadCounters(words: Int32Array, row: number, counters: ThreadCounters): void {
  const at = threadOffset(row);
  storeWide(words, at + THREAD.COLLECTIONS, counters.collections);
  storeWide(words, at + THREAD.COLLECTION_US, counters.collectionUs);
  storeWide(words, at + THREAD.EVICTED, counters.evictedBytes);
  storeWide(words, at + THREAD.UNCOLLECTED, counters.uncollectedBytes);
}

/** Any thread. Counters are witnesses, not balances: one that is being carried over 2^31 may read off by that much once. */
export function loadThreadCounters(words: Int32Array, row: number, into: ThreadCounters): void {
  const at = threadOffset(row);
  into.collections = loadWide(words, at + THREAD.COLLECTIONS);
  into.collectionUs = loadWide(words, at + THREAD.COLLECTION_US);
  into.evictedBytes = loadWide(words, at + THREAD.EVICTED);
  into.uncollectedBytes = loadWide(words, at + THREAD.UNCOLLECTED);
}

/** The counters of all threads that are there, added up. Any thread. */
export function sumCounters(words: Int32Array, rows = liveThreadRows(words)): ThreadCounters {
  const sum = emptyThreadCounters();
  const counters = emptyThreadCounters();
  for (const row of rows) {
    loadThreadCounters(words, row, counters);
    sum.collections += counters.collections;
    sum.collectionUs += counters.collectionUs;
    sum.evictedBytes += counters.evictedBytes;
    sum.uncollectedBytes += counters.uncollectedBytes;
  }
  return sum;
}

const scratchHeap = emptyThreadHeap();
const scratchThreads = new Set<number>();

/**
 * Visits the heap of every live thread that published it, once: a thread that holds two runtimes has two rows. Any thread.
 * @param visit is given a heap that the next call overwrites.
 */
export function visitHeaps(words: Int32Array, visit: (heap: Readonly<ThreadHeap>) => void): void {
  scratchThreads.clear();
  for (let row = 0; row < threadRowsUsed(words); row++) {
    const id = threadId(words, row);
    if (threadOwner(words, row) === 0 || scratchThreads.has(id) || !readThreadHeap(words, row, scratchHeap)) continue;
    scratchThreads.add(id);
    visit(scratchHeap);
  }
}

/** Bytes that all threads' heaps hold, inside V8 and outside, dead ones included; as each thread published last. Any thread. */
export function sumHeldBytes(words: Int32Array): number {
  let heldBytes = 0;
  visitHeaps(words, ({ heapUsedBytes, externalBytes }) => {
    heldBytes += heapUsedBytes + externalBytes;
  });
  return heldBytes;
}

/** The part of it that is outside of V8: Buffers above all. Any thread. */
export function sumExternalBytes(words: Int32Array): number {
  let outsideBytes = 0;
  visitHeaps(words, ({ externalBytes }) => {
    outsideBytes += externalBytes;
  });
  return outsideBytes;
}
