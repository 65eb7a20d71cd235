import { monotonicUs } from '../../page/clock.js';
import type { CacheAccount } from '../account.js';
import type { CacheAdapter } from '../contract.js';
import type { SizeOf } from '../size-of.js';
import { LruBooks } from './lru-books.js';
import { internalsOf } from './lru-internals.js';
import { entryBytes, type LruCacheLike, nextVictims } from './lru-like.js';
import { LruOverlay } from './lru-overlay.js';
import { LruSecondChances, UNKNOWN } from './lru-second-chances.js';
import { SlotSizes } from './slot-sizes.js';

/** Entries between two looks at the clock. Source: 32 pops take 5 to 10 µs, well under a slice. */
const ENTRIES_PER_LOOK = 32;

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
      let dropped = 0;
      while (books.bytes > targetBytes && cache.size > 0 && !overlay.isLifted) {
        const kind = sparing?.spare() ?? UNKNOWN;
        if (floorBytes > 0 && books.bytes - nextVictimBytes() < floorBytes) break;
        const slot = internals?.readHead() ?? 0;
        const victim = internals?.keyList[slot];
        barePop.call(cache);
        sizes?.touched(slot);
        if (victim !== undefined) account.dropped(victim, sparing?.dropped(kind));
        if (++dropped % ENTRIES_PER_LOOK === 0 && monotonicUs() >= sliceEndUs) break;
      }
      return undefined;
    },
    detach: () => overlay.lift(),
  };

  function nextVictimBytes(): number {
    if (sizes !== null) return sizes.ofNextVictim();
    if (internals?.sizes !== undefined) return internals.sizes[internals.readHead()] ?? 0;
    const [victim] = nextVictims(cache, 1);
    return victim === undefined ? 0 : entryBytes(cache, victim);
  }
}
