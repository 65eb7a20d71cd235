/**
 * THE table of the shared page: one SharedArrayBuffer, seen as Int32 words, that the sampler and every thread with caches share.
 *
 * - Every access is an Atomics operation, so it is sequentially consistent (ECMA-262, memory model). Two are not, because every cache
 *   operation makes them and an Atomics operation is a call: that of `EpochView`, which may be old, and the low word of `storeAt`.
 * - Every word has one writer at a time: the writer column below. A row belongs to the thread that claimed it.
 * - A *wide* value takes two words (high, then low 31 bits) and holds a safe integer; see `wide.ts`.
 * - What must be seen together stands under a sequence word, odd while it is written; the state has slots instead (`state-codec.ts`).
 * - Rows are whole cache lines (64 bytes on the common processors), and what changes with every cache operation stands away from the
 *   last line, so that no thread slows down another by writing its own row, wherever the buffer begins.
 * - An unknown value is -1 unless the table says otherwise. A fresh page is all zeros: no row is taken.
 *
 * Sections: header | state | thread rows | cache rows.
 */

/** 'SPIL' in ASCII: tells a page of ours from any other buffer. */
export const MAGIC = 0x5350494c;

/** Changes whenever any word below moves, or means something else; a handle of another version is refused. */
export const LAYOUT_VERSION = 11;

/** Enough for a pool of 1.5 threads per core on 128 cores. Rows that nobody claims are never touched, so they cost no memory. */
export const THREAD_ROWS = 256;
export const CACHE_ROWS = 2048;

/** Longest cache name, in bytes of UTF-8. */
export const NAME_BYTES = 64;

/** Header. Writer: the thread that made the page, unless the line says otherwise. */
export const HEADER = {
  MAGIC: 0,
  VERSION: 1,
  /** 1 once the runtime was stopped, else 0. */
  STOPPED: 2,
  /** Bumped by the sampler with every published state: what a cache operation compares to learn that something is new. */
  EPOCH: 3,
  /** Highest thread row ever claimed + 1; readers scan only up to it. Writers: claiming threads, monotonic by compareExchange. */
  THREAD_ROWS_USED: 4,
  /** The same for cache rows. */
  CACHE_ROWS_USED: 5,
  /** The last generation given to a thread row. Writers: claiming threads, by Atomics.add. */
  GENERATION: 6,
  /** 1 while sampling runs on a thread of its own, 2 while it runs in the starting thread, 0 while nobody samples. */
  SAMPLER_PLACE: 7,
  /** The last number given to a round of eviction. Writer: the sampler; outlives it, so that numbers are never used twice. */
  ROUND: 8,
  /** Counts published states; the last one stands in slot STATE_VERSION mod STATE_SLOTS. Writer: the sampler. */
  STATE_VERSION: 9,
  /**
   * How much more the process may hold than at the last sample before a thread must help itself, bytes (low 31 bits are enough for
   * any guard: more reads as 2 GiB). Writer: the sampler.
   */
  GUARD: 10,
  /** Rung by threads that paid; whoever samples listens. Writers: all threads, by Atomics.add. */
  SAMPLER_BELL: 11,
  /** worker_threads.threadId of the sampler, 0 while it has no thread of its own. Writer: the sampler. */
  SAMPLER_THREAD: 12,
  /** A random number that tells this page from every other in the process (wide). */
  PAGE_ID: 13,
  /** 1 while a round of eviction is under way. Writer: the sampler. */
  ROUND_OPEN: 15,
  /** GUARD from the most that was held at a sample of late, 0: not known. Writer: the sampler. */
  PEAK_GUARD: 16,
  /** PEAK_GUARD of the resources whose recent peak is closer to `emergency` than to `critical`, 0: none is. Writer: the sampler. */
  TIGHT_GUARD: 17,
  /** 0: the sampler may load native code, 1: it does, 2: it may not. Writers: the sampler and the starting thread; see `native-load.ts`. */
  NATIVE_LOAD: 18,
  /** Reserved so far by all threads, in pages of `room.ts`, modulo 2^32. Writers: all threads, by Atomics.add. On a line of its own. */
  GRANTED: 20,
  /** How far GRANTED may go before the next sample. Writer: the sampler. */
  GRANT_CEILING: 21,
  /** Counts what threads came upon that the sampler should look at. Writers: all threads, by Atomics.add. */
  TIDINGS: 22,
} as const;
/** Words of a cache line. */
const LINE_WORDS = 16;
const HEADER_WORDS = 2 * LINE_WORDS;

/** A power of two. A reader is disturbed only when one less than this many states are published while it reads one. */
export const STATE_SLOTS = 16;

/** One slot of the state. Writer: the sampler; the slot that stands is never written. Byte counts are wide. */
export const STATE = {
  /** Level wire code, 0 to 3. */
  LEVEL: 0,
  /** Resource code of the cause, -1: none. */
  CAUSE: 1,
  /** When the level was entered, epoch ms (wide). */
  SINCE: 2,
  /** Samples taken since the start (wide). */
  SAMPLE_COUNT: 4,
  /** Epoch ms of the sample (wide). */
  SAMPLED_AT: 6,
  /** Monotonic µs of the sample, on the clock of `clock.ts` (wide). */
  SAMPLED_US: 8,
  /** The time to the next sample, µs (wide). */
  INTERVAL_US: 10,
  /** 0 ok, 1 degraded. */
  HEALTH: 12,
  /** 1 while an injected reading is in force. */
  SIMULATED: 13,
  /** Bytes per second, may be negative (wide). */
  GROWTH: 14,
  /** Milliseconds to the limit at this growth, -1: not growing (wide). */
  MS_TO_LIMIT: 16,
  /** PSI shares in millionths, -1: the kernel has none. */
  STALL_SOME: 18,
  STALL_FULL: 19,
  /** Resident set of the process, bytes (wide). */
  RSS: 20,
  /** CPU time of the sampler so far, µs (wide). */
  SAMPLER_CPU_US: 22,
  /** How late the last sample was, and the latest of all, µs (wide). */
  LATENESS_US: 24,
  WORST_LATENESS_US: 26,
  /** The first of the resource rows. */
  RESOURCES: 28,
} as const;

/** One resource inside the state; at STATE.RESOURCES + code × RESOURCE_WORDS of its slot. */
export const RESOURCE = {
  /** 0: no reading to go by (unavailable, unlimited, off), 1: known. */
  KNOWN: 0,
  LEVEL: 1,
  /** Bytes (wide). */
  USED: 2,
  LIMIT: 4,
  /** Used over limit as it was classified, in units of 10^-12 (wide). */
  RATIO: 6,
  /** Monotonic µs of the reading (wide). */
  READ_US: 8,
  /** Readings that failed so far, also while the resource is unknown (wide). */
  FAILURES: 10,
} as const;
export const RESOURCE_WORDS = 12;
export const RESOURCE_COUNT = 5;
const STATE_WORDS = wholeLines(STATE.RESOURCES + RESOURCE_WORDS * RESOURCE_COUNT);

/** A thread that owns caches. Writer: that thread, except the words marked "sampler". */
export const THREAD = {
  /**
   * 0: free; else the generation of the owner, negative while it fills in the row. Claimed by compareExchange; freed by the owner, or by
   * the sampler when the owner died.
   */
  OWNER: 0,
  /** worker_threads.threadId; 0 is the main thread. */
  THREAD_ID: 1,
  /** Kernel id of the thread where the platform tells it (Linux), -1 elsewhere. */
  KERNEL_ID: 2,
  /** Sequence of the heap block below. */
  HEAP_SEQUENCE: 3,
  /** Monotonic µs when the heap block was published, 0: never (wide). */
  HEAP_US: 4,
  /** Old space used and its maximum, bytes (wide): what V8 aborts on. */
  OLD_USED: 6,
  OLD_LIMIT: 8,
  /** As v8.getHeapStatistics and process.memoryUsage count them, bytes (wide). */
  HEAP_USED: 10,
  EXTERNAL: 12,
  /** Collections asked for by this thread so far, and their time in µs (wide). */
  COLLECTIONS: 14,
  COLLECTION_US: 16,
  /** Bytes evicted by this thread so far, for whatever pressure reason (wide). */
  EVICTED: 18,
  /** Bytes evicted since the last major collection seen by this thread (wide). */
  UNCOLLECTED: 20,
  /** Bytes reserved and not released (tracked: `wide.ts`). */
  RESERVED: 22,
  /** The last order that was carried out in full. */
  ORDER_DONE: 27,
  /** 1 while the thread wants to hear of every sample. */
  WANTS_SAMPLES: 28,
  /** Room that a blocked call needs, bytes (wide), 0: only a fresh sample. Then the number of the request; ANSWER: it was seen to. */
  NEED: 29,
  NEED_TICKET: 31,
  /** Least distance of the samples that the thread watches, ms; 0: it watches none. */
  WATCH_DISTANCE: 32,
  /** Sampler: sequence of the control block below, which outlives the owner of the row: a claim leaves it alone. */
  CONTROL_SEQUENCE: 33,
  /** Sampler: the order to carry out: its caches' rows that carry the same number owe bytes. 0: none yet. */
  ORDER: 34,
  /** Sampler: how urgent, level wire code; at 3 the order is carried out whole, without slices. */
  ORDER_LEVEL: 35,
  /** Sampler: resource code of the cause, -1: none. */
  ORDER_CAUSE: 36,
  /** Sampler: 0: no collection, 1: collect after the order if the duty allows it, 2: collect in any case; and 4 where what the caches hold is in V8's heap. */
  ORDER_COLLECT: 37,
  /** Sampler: joint bytes that this thread's caches may hold, -1: no cap (wide). */
  CAP: 38,
  /** Sampler: collect whenever this many bytes were evicted since the last collection, -1: do not pace (wide). */
  PACE: 40,
  /** Sampler: the generation that the block is for; another owner of the row finds nothing in it. */
  CONTROL_FOR: 42,
  /** Sampler: the round of eviction that the order belongs to, as `EvictionReport.id`; 0: none. */
  ORDER_ROUND: 43,
  /** Rung for the owner of the row: an order, a sample that it wants, the end of the runtime. Writers: all threads, by Atomics.add. */
  BELL: 44,
  /** Sampler: the last NEED_TICKET that was seen to. */
  ANSWER: 45,
  /** Sampler: the count of the last sample that is one to be watched. */
  WATCHED_SAMPLE: 46,
} as const;
const THREAD_WORDS = wholeLines(THREAD.WATCHED_SAMPLE + 1);

/** A registered cache. Writer: the thread that owns it, except the words marked "sampler". */
export const CACHE = {
  /** 0: free; else the generation of the owning thread row, negative while the row does not count. Claimed and freed as THREAD.OWNER. */
  OWNER: 0,
  /** Index of the owning thread row. */
  THREAD: 1,
  PRIORITY: 2,
  /** Floor and own limit, bytes (wide); MAX -1: none. */
  MIN: 3,
  MAX: 5,
  /** Bytes held now (tracked: `wide.ts`). */
  BYTES: 7,
  /** Entries held now, -1: the cache cannot tell. */
  ENTRIES: 12,
  /** Sampler: bytes owed under ORDER (wide), then the order's number. */
  OWED: 13,
  ORDER: 15,
  /** The order being carried out, and the last one that was finished. */
  TAKEN: 16,
  PAID: 17,
  /**
   * Receipt of PAID, under RECEIPT_SEQUENCE: bytes asked and evicted (wide), entries, time in µs (wide), outcome code of
   * `orders.ts`.
   */
  PAID_ASKED: 18,
  PAID_EVICTED: 20,
  PAID_ENTRIES: 22,
  PAID_US: 23,
  PAID_OUTCOME: 25,
  /** Sequence of PAID and its receipt. */
  RECEIPT_SEQUENCE: 26,
  /** Counters since registration (wide). */
  HITS: 28,
  MISSES: 30,
  PUTS: 32,
  PRESSURE_EVICTIONS: 34,
  OWN_EVICTIONS: 36,
  REGRETS: 38,
  /** 1: asked for nothing until a probe succeeds (three failures in a row). */
  QUARANTINED: 40,
  /** Rebuild cost of an average entry, µs (wide); -1: unknown. */
  REBUILD_US: 41,
  /** UTF-8 length of the name, then its bytes, four to a word. */
  NAME_LENGTH: 43,
  NAME: 44,
} as const;
export const CACHE_WORDS = wholeLines(CACHE.NAME + NAME_BYTES / 4);

const STATES_OFFSET = HEADER_WORDS;
const THREADS_OFFSET = STATES_OFFSET + STATE_SLOTS * STATE_WORDS;
const CACHES_OFFSET = THREADS_OFFSET + THREAD_ROWS * THREAD_WORDS;
export const PAGE_WORDS = CACHES_OFFSET + CACHE_ROWS * CACHE_WORDS;

/** @param version of the state, any 32-bit integer; it picks the slot. */
export function stateOffset(version: number): number {
  return STATES_OFFSET + (version & (STATE_SLOTS - 1)) * STATE_WORDS;
}

export function threadOffset(row: number): number {
  return THREADS_OFFSET + row * THREAD_WORDS;
}

export function cacheOffset(row: number): number {
  return CACHES_OFFSET + row * CACHE_WORDS;
}

function wholeLines(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS;
}
