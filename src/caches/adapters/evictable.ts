import type { CacheAdapter, EvictableCache } from '../contract.js';

export function isEvictableCache(cache: object): cache is EvictableCache {
  return 'evict' in cache && typeof cache.evict === 'function' && 'bytes' in cache && typeof cache.bytes === 'number';
}

/** A cache of the user's own: it is asked once per round, and its word is checked against its own `bytes`. */
export function adaptEvictable(cache: EvictableCache): CacheAdapter {
  return {
    kind: 'evictable',
    bytes: () => cache.bytes,
    entries: () => -1,
    drop(bytes, _floorBytes, _sliceEndUs, request) {
      const answer: unknown = cache.evict(bytes, request);
      return isThenable(answer) ? Promise.resolve(answer).then(toClaim) : toClaim(answer);
    },
    detach: () => undefined,
  };
}

/** Whatever is no number is a claim that cannot be believed. */
function toClaim(answer: unknown): number {
  return typeof answer === 'number' ? answer : Number.NaN;
}

/** Promises of other realms and libraries are awaited too. */
function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function';
}
