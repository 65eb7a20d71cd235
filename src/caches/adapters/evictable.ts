import type { CacheAdapter, EvictableCache } from '../contract.js';

export function isEvictableCache(cache: object): cache is EvictableCache {
  return 'bytes' in cache && 'evict' in cache && typeof cache.evict === 'function';
}

/** A cache of the user's own: it is asked once per round, and its word is checked against its own `bytes`. */
export function adaptEvictable(cache: EvictableCache): CacheAdapter {
  return {
    kind: 'evictable',
    bytes: () => cache.bytes,
    entries: () => -1,
    drop: (bytes, _floorBytes, _sliceEndUs, request) => cache.evict(bytes, request),
    detach: () => undefined,
  };
}
