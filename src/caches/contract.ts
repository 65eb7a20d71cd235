import type { EvictionRequest } from '../core/eviction.js';
import type { WindowStatistics } from '../core/statistics.js';

/** A cache of the user's own that can tell its size and drop entries when asked. */
export interface EvictableCache {
  /** Bytes held now, finite and >= 0. */
  readonly bytes: number;
  /** Drops entries worth at least `bytes` where it can; answers with the bytes dropped. May be asynchronous. */
  evict(bytes: number, request: EvictionRequest): number | Promise<number>;
}

/** How a cache takes part. */
export interface RegisterOptions<K = unknown, V = unknown> {
  /** Unique within its thread; the same name on several threads is one cache in reports. At most 64 bytes of UTF-8. */
  readonly name: string;
  /** Lower goes first; equal priorities share in proportion to what they can give. A whole number; default 10. */
  readonly priority?: number;
  /** Never evicted below this while `respectCacheLimits` holds. Bytes or a size such as `'64MiB'`; default 0. */
  readonly minBytes?: number | string;
  /** Own limit, enforced by spillway at every put. Bytes or a size; default none. */
  readonly maxBytes?: number | string;
  /** Bytes of an entry; needed where the cache cannot tell. Buffers, typed arrays and strings are measured without it. */
  readonly sizeOf?: (value: V, key: K) => number;
  /** Milliseconds to rebuild an average entry, where the user knows it. */
  readonly rebuildCost?: number;
}

/** What a registered cache did so far. Bytes, counts, shares 0..1. */
export interface CacheStats {
  readonly bytes: number;
  /** Null where the cache cannot tell. */
  readonly entries: number | null;
  readonly meanEntryBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly puts: number;
  /** Entries dropped, by who asked: the cache's own limit, or pressure. */
  readonly evictions: { readonly own: number; readonly pressure: number };
  /** Misses on keys that pressure had evicted; 0 where the cache does not tell its keys. */
  readonly regrets: number;
  /** Null before the first read. */
  readonly hitRate: number | null;
  /** The same within the last 5 and 60 minutes. */
  readonly last5m: WindowStatistics;
  readonly last60m: WindowStatistics;
}

/** A registered cache; disposing it unregisters. */
export interface CacheRegistration {
  readonly name: string;
  /** Bytes held now. */
  readonly bytes: number;
  readonly stats: CacheStats;
  /**
   * Tells that bytes were added (or, negative, removed) behind spillway's back, and looks at the page as every cache operation
   * does: an EvictableCache that calls it on each put gives memory back while the event loop is blocked.
   */
  add(bytes: number): void;
  /** Takes the cache out and restores it exactly; idempotent. */
  unregister(): void;
  [Symbol.dispose](): void;
}

/** How the dispatcher sees any kind of cache. Runs on the thread that owns the cache. */
export interface CacheAdapter {
  readonly kind: 'lru-cache' | 'map' | 'evictable';
  /** By the cache's own accounting, unchecked. */
  bytes(): number;
  /** -1 where the cache cannot tell. */
  entries(): number;
  /**
   * Drops entries until `bytes` are gone, the floor is reached, nothing is left, or the clock passes `sliceEndUs` (monotonic
   * µs). The result is what a user's cache claims to have dropped; undefined where there is nothing to check.
   */
  drop(
    bytes: number,
    floorBytes: number,
    sliceEndUs: number,
    request: EvictionRequest,
  ): number | undefined | Promise<number>;
  /** Restores the cache exactly. */
  detach(): void;
}

/** Which entries of a cache are spared when others can go. Runs on the thread that owns the cache. */
export interface SecondChances<K> {
  /** An entry with this key has come. */
  noticeNew(key: K): void;
  /** Entries have come that nobody told of: what was noticed before tells nothing about them. */
  overlook(): void;
  /** A key was missed that had been dropped with this note. */
  regretted(note: number): void;
}
