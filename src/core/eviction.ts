import type { Level } from './level.js';
import type { Resource } from './resource.js';

/**
 * How a round ended. `met`: everything asked for was dropped; `partial`: some of it; `futile`: dropped, but the measured usage
 * hardly fell; `nothing-to-evict`: no cache could give anything.
 */
export type EvictionVerdict = 'met' | 'partial' | 'futile' | 'nothing-to-evict';

/** What one cache did in a round. */
export interface CacheEviction {
  readonly name: string;
  /** worker_threads id of the thread that owns the cache; 0 is the main thread. */
  readonly thread: number;
  readonly requestedBytes: number;
  /** Checked against the cache's own accounting before and after. */
  readonly evictedBytes: number;
  readonly entries: number;
  readonly durationMs: number;
  /** Why the cache was isolated in this round; absent when it behaved. */
  readonly error?: string;
}

/** What a round of eviction did; one per round in the process. */
export interface EvictionReport {
  readonly id: number;
  readonly level: Level;
  readonly cause: Resource | null;
  /** Name of the policy, or `manual` for `evict()`. */
  readonly policy: string;
  /** Epoch ms of the start. */
  readonly at: number;
  readonly durationMs: number;
  /** What the policy asked for. */
  readonly requestedBytes: number;
  /** What the caches dropped. */
  readonly evictedBytes: number;
  /** What the measured usage fell by once collection had its chance; null: not known yet. */
  readonly returnedBytes: number | null;
  readonly verdict: EvictionVerdict;
  readonly collections: number;
  readonly collectionMs: number;
  readonly caches: readonly CacheEviction[];
}

/** The report of a round that asked nobody for anything. @param at epoch ms. */
export function emptyReport(id: number, level: Level, at: number, requestedBytes: number): EvictionReport {
  return {
    id,
    level,
    cause: null,
    policy: 'manual',
    at,
    durationMs: 0,
    requestedBytes,
    evictedBytes: 0,
    returnedBytes: 0,
    verdict: 'nothing-to-evict',
    collections: 0,
    collectionMs: 0,
    caches: [],
  };
}

/** A report whose outcome is still to be seen; `settled` is not enumerable, so the report stays plain JSON. */
export interface EvictionReportWithSettlement extends EvictionReport {
  /** The same report with `returnedBytes` and the final verdict; never rejects, and settles at the latest when the runtime stops. */
  readonly settled: Promise<EvictionReport>;
}

/** What a cache is told when it is asked to evict. */
export interface EvictionRequest {
  readonly level: Level;
  readonly cause: Resource | null;
  /** The round, as `EvictionReport.id`; 0 when the cache's own cap asks. */
  readonly round: number;
  /** Aborted when the deadline passed or the runtime stops. */
  readonly signal: AbortSignal;
}
