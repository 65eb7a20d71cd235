import { monotonicUs } from '../../page/clock.js';
import type { CacheAccount } from '../account.js';
import type { CacheAdapter } from '../contract.js';
import type { SizeOf } from '../size-of.js';
import { LruBooks } from './lru-books.js';
import { internalsOf } from './lru-internals.js';
import { entryBytes, type LruCacheLike, nextVictims } from './lru-like.js';
import { LruOverlay } from './lru-overlay.js';
import { LruSecondChances } from './lru-second-chances.js';
import { BATCH, LruVictims } from './lru-victims.js';
import { SlotSizes } from './slot-sizes.js';

/**
 * An LRUCache, instrumented in place. What the cache does between two operations (an expiry by a timer, say) is seen with the next.
 * @param sizeOf null: the cache keeps sizes, and is taken at its word.
 * @throws Error where sizes would have to be kept for a cache that does not show where its entries stand.
 */
export function adaptLruCache<K, V>(
  cache: LruCacheLike<K, V>,
  sizeOf: SizeOf<K, V> | null,
  account: CacheAccount,
): CacheAdapter {
  const internals = internalsOf(cache);
  if (sizeOf !== null && internals === null) {
    throw new Error(
      'this version of lru-cache does not show its slots: it can be registered with maxSize and without sizeOf',
    );
  }
  const sizes = sizeOf === null || internals === null ? null : new SlotSizes(cache, internals, sizeOf);
  const books = new LruBooks(cache, internals, sizes, account);
  const barePop = cache.pop;
  const victims = internals === null ? null : new LruVictims(cache, internals, sizes, account);
  const chances = internals === null ? null : new LruSecondChances(internals);
  account.chances = chances;
  const overlay = new LruOverlay(cache, books, internals, account, sizes === null);
  return {
    kind: 'lru-cache',
    bytes: () => books.bytes,
    entries: () => cache.size,
    drop(bytes, floorBytes, sliceEndUs, { level, round }) {
      const targetBytes = Math.max(floorBytes, books.bytes - bytes);
      const goesByLastUse = level === 'emergency' || account.dropReason === 'own';
      const sparing = goesByLastUse ? null : chances;
      account.tellUnnoticed();
      sparing?.beginDrop(round);
      let sinceLook = 0;
      while (books.bytes > targetBytes && cache.size > 0 && !overlay.isLifted) {
        const mostBytes = floorBytes > 0 ? books.bytes - floorBytes : Number.POSITIVE_INFINITY;
        const count = victims?.choose(books.bytes - targetBytes, mostBytes, sparing) ?? chooseUnseen(mostBytes);
        if (count === 0) break;
        for (let pops = 0; pops < count; pops++) barePop.call(cache);
        victims?.went(count);
        sinceLook += count;
        if (sinceLook < BATCH) continue;
        if (monotonicUs() >= sliceEndUs) break;
        sinceLook = 0;
      }
      return undefined;
    },
    detach: () => overlay.lift(),
  };

  /** The next victim, if it fits into what may go. @returns how many that is. */
  function chooseUnseen(mostBytes: number): number {
    if (mostBytes === Number.POSITIVE_INFINITY) return 1;
    const [victim] = nextVictims(cache, 1);
    return victim === undefined || entryBytes(cache, victim) <= mostBytes ? 1 : 0;
  }
}
