import { monotonicUs } from '../../page/clock.js';
import type { CacheAdapter } from '../contract.js';
import { type Operations, Overlay } from '../operations.js';
import type { SizeOf } from '../size-of.js';
import { allEntries, holds, isFresh, type LruCacheLike, nextVictims } from './lru-like.js';

/** Entries between two looks at the clock. Source: as in `map.ts`. */
const ENTRIES_PER_LOOK = 32;

/** What lru-cache writes into the status object of a fetch. */
interface FetchStatus {
  fetch?: string;
  fetchResolved?: boolean;
  fetchRejected?: boolean;
  fetchAborted?: boolean;
}

/**
 * An LRUCache without sizes of its own, or whose sizes are no bytes: spillway keeps a table of them beside it. The table has the keys
 * that the cache has: what the cache does by itself (its limit, its timers, its fetches) is found out when their numbers differ.
 */
export function adaptUnsizedLruCache<K, V>(
  cache: LruCacheLike<K, V>,
  sizeOf: SizeOf<K, V>,
  operations: Operations,
): CacheAdapter {
  const overlay = new Overlay(cache, operations);
  const bareGet = cache.get;
  const bareSet = cache.set;
  const barePop = cache.pop;
  const sizes = new Map<K, number>();
  /** Fetches under way: what they bring is measured once they have ended. */
  const fetches = new Map<K, FetchStatus>();
  let totalBytes = 0;

  const forget = (key: K) => {
    totalBytes -= sizes.get(key) ?? 0;
    sizes.delete(key);
  };
  const forgetGone = (key: K) => {
    if (sizes.has(key) && !holds(cache, key)) forget(key);
  };
  /** Measures what the cache holds for the key now; an entry that is still being fetched counts as 0. */
  const measure = (key: K) => {
    forget(key);
    if (!holds(cache, key)) return;
    const value = cache.peek(key, { allowStale: true });
    const bytes = value === undefined ? 0 : sizeOf(value, key);
    sizes.set(key, bytes);
    totalBytes += bytes;
  };
  const measureFetched = () => {
    for (const [key, { fetchResolved, fetchRejected, fetchAborted }] of fetches) {
      if (!fetchResolved && !fetchRejected && !fetchAborted) continue;
      fetches.delete(key);
      measure(key);
    }
  };
  /** Makes the table have the keys that the cache has. @returns entries that the cache dropped by itself. */
  const reconcile = (): number => {
    if (fetches.size > 0) measureFetched();
    let lost = 0;
    if (sizes.size === cache.size) return lost;
    for (const key of sizes.keys()) {
      if (holds(cache, key)) continue;
      forget(key);
      lost++;
      if (sizes.size === cache.size) return lost; // old keys are in front, and they are what a cache drops
    }
    if (sizes.size === cache.size) return lost;
    for (const [key] of allEntries(cache)) if (!sizes.has(key)) measure(key);
    return lost;
  };

  for (const [key] of allEntries(cache)) measure(key);

  overlay.lay('get', function get(key: K, options?: object): V | undefined {
    const isOutermost = operations.enter();
    let value: V | undefined;
    try {
      value = bareGet.call(cache, key, options);
      if (value === undefined && isOutermost) forgetGone(key); // a stale entry goes when it is asked for
    } finally {
      operations.leave();
    }
    if (isOutermost) operations.read(value !== undefined, key);
    return value;
  });
  overlay.lay('set', function set(key: K, value: V, options?: object): unknown {
    const isOutermost = operations.enter();
    let evicted = 0;
    try {
      const [victim] = isOutermost && cache.size === cache.max && !sizes.has(key) ? nextVictims(cache, 1) : [];
      const result = bareSet.call(cache, key, value, options);
      if (!isOutermost) return result;
      if (victim !== undefined && !holds(cache, victim)) {
        forget(victim);
        evicted++;
      }
      measure(key);
      evicted += reconcile();
      return result;
    } finally {
      operations.leave();
      if (isOutermost) {
        operations.evicted(evicted);
        operations.put(totalBytes);
      }
    }
  });
  const book = () => {
    reconcile();
    operations.shrink(totalBytes);
  };
  const bookGone = (key: K | undefined) => {
    if (key !== undefined) forgetGone(key);
    book();
  };
  overlay.layAround('delete', ([key]) => key as K, bookGone);
  overlay.layAround('pop', () => nextVictims(cache, 1)[0], bookGone);
  overlay.layAround('purgeStale', () => undefined, book);
  for (const name of ['clear', 'load']) {
    overlay.layAround(
      name,
      () => undefined,
      () => {
        sizes.clear();
        totalBytes = 0;
        book();
      },
    );
  }
  overlay.layAround(
    'memo',
    ([key]) => ({ key: key as K, isHit: isFresh(cache, key as K) }),
    ({ key, isHit }) => {
      operations.read(isHit, key);
      if (!isHit) measure(key);
      book();
    },
  );
  for (const name of ['fetch', 'forceFetch']) {
    overlay.layAround(
      name,
      (args) => {
        const key = args[0] as K;
        const status = withStatus(args);
        return { key, status, isHit: isFresh(cache, key) };
      },
      ({ key, status, isHit }) => {
        operations.read(isHit, key);
        if (status.fetch !== 'hit' && status.fetch !== 'inflight') fetches.set(key, status);
        book();
      },
    );
  }

  return {
    kind: 'lru-cache',
    bytes() {
      reconcile();
      return totalBytes;
    },
    entries: () => cache.size,
    drop(bytes, floorBytes, sliceEndUs) {
      const targetBytes = Math.max(floorBytes, totalBytes - bytes);
      let sizeBefore: number;
      do {
        sizeBefore = cache.size;
        for (const key of nextVictims(cache, ENTRIES_PER_LOOK)) {
          if (totalBytes <= targetBytes || overlay.isLifted) return undefined;
          if (totalBytes - (sizes.get(key) ?? 0) < floorBytes) return undefined;
          barePop.call(cache);
          if (holds(cache, key)) continue;
          forget(key);
          operations.dropped(key);
        }
        if (cache.size === sizeBefore) barePop.call(cache); // nothing but entries that are being fetched: they are not listed
        reconcile();
      } while (totalBytes > targetBytes && cache.size < sizeBefore && monotonicUs() < sliceEndUs);
      return undefined;
    },
    detach: () => overlay.lift(),
  };
}

/** The status object of a fetch: the caller's own, else one that is put into (a copy of) his options. */
function withStatus(args: unknown[]): FetchStatus {
  const options: unknown = args[1];
  const given = typeof options === 'object' && options !== null ? options : {};
  if ('status' in given && typeof given.status === 'object' && given.status !== null) return given.status;
  const status: FetchStatus = {};
  args[1] = { ...given, status };
  return status;
}
