import type { CacheCounters } from '../page/cache-rows.js';
import type { CacheAdapter } from './contract.js';

/**
 * The books of one registered cache on the thread that owns it. The numbers here are exact and private; the page carries a
 * copy of `bytes` that is renewed with every change, and of the counters that is renewed when the epoch moves.
 */
export interface CacheAccount {
  readonly row: number;
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  /** Infinity: none. */
  readonly maxBytes: number;
  /** Writer: the registration, once. */
  adapter: CacheAdapter;
  readonly counters: CacheCounters;
  /** True from registration to its end; only then the row is this cache's. Writer: the tracker. */
  open: boolean;
  /** Bytes held, as last reconciled with the cache. Writer: the tracker. */
  bytes: number;
  /** What the caches of higher priority leave it when a put overflows the cap. Writer: the tracker. */
  protectedBytes: number;
  /** Failures in a row; three put the cache in quarantine. Writer: the dispatcher. */
  failures: number;
  quarantined: boolean;
}

export function emptyCounters(): CacheCounters {
  return { hits: 0, misses: 0, puts: 0, pressureEvictions: 0, ownEvictions: 0, regrets: 0 };
}
