import type { CacheWorth } from './cache-worth.js';
import type { Level } from './level.js';

/** Reads, regrets and what they were worth inside a window. Counts; shares 0..1, null where there was nothing to divide by. */
export interface WindowStatistics {
  readonly hits: number;
  readonly misses: number;
  readonly regrets: number;
  readonly hitRate: number | null;
  /** Regrets per miss: the share of misses that pressure caused. */
  readonly regretShare: number | null;
}

/** One cache by name, summed over every thread that registered it. Counters only grow, also when a thread goes. */
export interface CacheStatistics {
  readonly name: string;
  readonly bytes: number;
  /** Null where a cache of that name cannot tell. */
  readonly entries: number | null;
  readonly hits: number;
  readonly misses: number;
  readonly puts: number;
  readonly evictions: { readonly own: number; readonly pressure: number };
  /** Misses on keys that pressure had evicted. */
  readonly regrets: number;
  readonly hitRate: number | null;
  readonly last5m: WindowStatistics;
  readonly last60m: WindowStatistics;
  /** Milliseconds to rebuild an average entry; null where the user did not say. */
  readonly rebuildCostMs: number | null;
  /** Milliseconds of rebuilding that hits spared in the last 60 minutes; null without `rebuildCostMs`. */
  readonly sparedMs: number | null;
  readonly worth: CacheWorth;
}

/** Rounds of eviction that ended at one level. Bytes. */
export interface EvictionTotals {
  readonly rounds: number;
  readonly evictedBytes: number;
  /** Sum over the rounds that have settled. */
  readonly returnedBytes: number;
}

/** Everything that is counted rather than sampled; a snapshot. Durations in seconds where the name says so. */
export interface PressureStatistics {
  readonly caches: readonly CacheStatistics[];
  readonly total: Omit<CacheStatistics, 'name' | 'worth' | 'rebuildCostMs'>;
  /** Time spent at each level since the start. */
  readonly levelSeconds: Readonly<Record<Level, number>>;
  readonly evictions: Readonly<Record<Level, EvictionTotals>>;
  /** Rounds in a row that ended `futile`, up to now. */
  readonly futileInARow: number;
  readonly sampler: {
    readonly cpuSeconds: number;
    /** How late the last sample was. */
    readonly latenessSeconds: number;
    /** Readings that failed, by source. */
    readonly failures: Readonly<Record<string, number>>;
  };
}
