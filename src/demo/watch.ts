import type { Level } from '../core/level.js';

/** What eviction has done so far. Rounds are told by events, so they are those that ended before the last turn of the loop. */
export interface EvictionTotals {
  readonly rounds: number;
  readonly evictedBytes: number;
  readonly returnedBytes: number;
  readonly collections: number;
  readonly collectionMs: number;
}

/** What the demo can ask about its memory while it works, synchronously, at any moment. */
export interface MemoryWatch {
  /** Null where nobody judges. */
  level(): Level | null;
  /** What counts against the limit, in bytes. */
  usedBytes(): number;
  /** Cache entries dropped because of pressure, up to this moment. */
  evictedEntries(): number;
  totals(): EvictionTotals;
  /** Ends the watch; resolves when every round has settled. */
  stop(): Promise<void>;
}

const NOTHING_EVICTED: EvictionTotals = {
  rounds: 0,
  evictedBytes: 0,
  returnedBytes: 0,
  collections: 0,
  collectionMs: 0,
};

/** The watch of an unprotected run: it sees the resident set, and does nothing about it. */
export function watchOnly(): MemoryWatch {
  return {
    level: () => null,
    usedBytes: () => process.memoryUsage.rss(),
    evictedEntries: () => 0,
    totals: () => NOTHING_EVICTED,
    stop: () => Promise.resolve(),
  };
}
