import { monotonicUs } from '../../page/clock.js';
import type { CacheAdapter } from '../contract.js';
import { type Operations, Overlay } from '../operations.js';
import { entryBytes, holds, isFresh, type LruCacheLike, nextVictims } from './lru-like.js';

/** Entries between two looks at the clock. Source: as in `map.ts`. */
const ENTRIES_PER_LOOK = 32;

/**
 * An LRUCache that keeps sizes itself: `calculatedSize` is the truth after every operation. Every documented method that can
 * change the content or counts as a read is laid over; what a timer or a fetch changes later is seen with the next look.
 */
export function adaptLruCache<K, V>(cache: LruCacheLike<K, V>, operations: Operations): CacheAdapter {
  const overlay = new Overlay(cache, operations);
  const bareGet = cache.get;
  const bareSet = cache.set;
  const barePop = cache.pop;

  overlay.lay('get', function get(key: K, options?: object): V | undefined {
    const isOutermost = operations.enter();
    let value: V | undefined;
    try {
      value = bareGet.call(cache, key, options);
    } finally {
      operations.leave();
    }
    if (isOutermost) operations.read(value !== undefined, key);
    return value;
  });
  /** The largest entry that was put: when there is room for another one like it, a put evicts nothing. */
  let largestBytes = 0;
  overlay.lay('set', function set(key: K, value: V, options?: object): unknown {
    const isOutermost = operations.enter();
    const { size: sizeBefore, calculatedSize: bytesBefore } = cache;
    const isFull = sizeBefore === cache.max || bytesBefore + largestBytes > cache.maxSize;
    let threw = true;
    try {
      const heldBefore = isFull && holds(cache, key);
      const result = bareSet.call(cache, key, value, options);
      threw = false;
      if (isFull && isOutermost) countEvicted(key, heldBefore, sizeBefore);
      return result;
    } finally {
      operations.leave();
      const bytes = cache.calculatedSize;
      if (bytes - bytesBefore > largestBytes) largestBytes = bytes - bytesBefore;
      if (isOutermost && threw) operations.shrink(bytes);
      else if (isOutermost) operations.put(bytes);
    }
  });
  const book = () => operations.shrink(cache.calculatedSize);
  for (const name of ['delete', 'clear', 'pop', 'purgeStale', 'load']) overlay.layAround(name, () => undefined, book);
  for (const name of ['fetch', 'forceFetch', 'memo']) {
    overlay.layAround(
      name,
      ([key]) => ({ key, isHit: isFresh(cache, key as K) }),
      ({ key, isHit }) => {
        operations.read(isHit, key);
        book();
      },
    );
  }

  function countEvicted(key: K, heldBefore: boolean, sizeBefore: number): void {
    const heldNow = holds(cache, key);
    const expected = sizeBefore + (heldNow ? 1 : 0) - (heldBefore ? 1 : 0);
    if (cache.size < expected) operations.evicted(expected - cache.size);
  }

  return {
    kind: 'lru-cache',
    bytes: () => cache.calculatedSize,
    entries: () => cache.size,
    drop(bytes, floorBytes, sliceEndUs) {
      const targetBytes = Math.max(floorBytes, cache.calculatedSize - bytes);
      let sizeBefore: number;
      do {
        sizeBefore = cache.size;
        // An iterator is made per batch and not per entry; one that was begun before a pop must not go on after it.
        for (const key of nextVictims(cache, ENTRIES_PER_LOOK)) {
          if (cache.calculatedSize <= targetBytes || overlay.isLifted) return undefined;
          if (floorBytes > 0 && cache.calculatedSize - entryBytes(cache, key) < floorBytes) return undefined;
          barePop.call(cache);
          if (!holds(cache, key)) operations.dropped(key);
        }
        if (cache.size === sizeBefore) barePop.call(cache); // nothing but entries that are being fetched: they are not listed
      } while (cache.calculatedSize > targetBytes && cache.size < sizeBefore && monotonicUs() < sliceEndUs);
      return undefined;
    },
    detach: () => overlay.lift(),
  };
}
