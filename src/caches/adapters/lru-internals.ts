import type { LruCacheLike } from './lru-like.js';

/**
 * How an LRUCache keeps its entries: in slots that are linked by use. Live; read only, but for `moveToTail`. Source:
 * `LRUCache.unsafeExposeInternals`, the same in lru-cache 10.0 to 11.5. The public iterators tell the next victim too, at two to four times the cost
 * of evicting it (bench/eviction).
 */
export interface LruInternals<K> {
  /** Slots that were given back, the one that is taken next at the end; null where that is no array, as with a limit of entries. */
  readonly freeSlots: ArrayLike<number> | null;
  readonly keyMap: { get(key: K): number | undefined; has(key: K): boolean; readonly size: number };
  /** By slot; a free slot has no key. */
  readonly keyList: ArrayLike<K | undefined>;
  /** By slot: the value, or lru-cache's own promise of it while it is being fetched. */
  readonly valList: ArrayLike<unknown>;
  /** By slot: the slot that was used next after it. It stays when the slot is freed. */
  readonly next: ArrayLike<number>;
  /** By slot, where the cache keeps sizes. */
  readonly sizes: ArrayLike<number> | undefined;
  /** Whether any entry had a time to live when this was asked for. */
  readonly hadAges: boolean;
  /** The slot of the next victim, and of the entry used last. */
  readonly readHead: () => number;
  readonly readTail: () => number;
  /** Makes a slot the one used last: what a `get` does to the order, and nothing else of it. */
  readonly moveToTail: (slot: number) => void;
}

/** Null where this version of lru-cache does not show its internals, or shows others than are known. */
export function internalsOf<K, V>(cache: LruCacheLike<K, V>): LruInternals<K> | null {
  const expose: unknown = Reflect.get(cache.constructor, 'unsafeExposeInternals');
  if (typeof expose !== 'function') return null;
  const shown: unknown = Reflect.apply(expose, cache.constructor, [cache]);
  if (typeof shown !== 'object' || shown === null) return null;
  const { keyMap, keyList, valList, next, sizes, ttls, free, moveToTail }: Record<string, unknown> = { ...shown };
  // A getter in an object literal gives each object a shape of its own. Called as a function, it is compiled once for all caches.
  const readHead = Object.getOwnPropertyDescriptor(shown, 'head')?.get;
  const readTail = Object.getOwnPropertyDescriptor(shown, 'tail')?.get;
  if (!(keyMap instanceof Map) || keyMap.size !== cache.size) return null;
  if (!isList<K | undefined>(keyList) || !isList(valList) || !isList<number>(next)) return null;
  if (readHead === undefined || readTail === undefined) return null;
  if (typeof moveToTail !== 'function') return null;
  const slotSizes = isList<number>(sizes) ? sizes : undefined;
  return {
    freeSlots: Array.isArray(free) ? free : null,
    keyMap,
    keyList,
    valList,
    next,
    sizes: slotSizes,
    hadAges: isList(ttls),
    readHead,
    readTail,
    moveToTail: moveToTail as (slot: number) => void,
  };
}

function isList<T>(value: unknown): value is ArrayLike<T> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** What stands in for a value while it is fetched; a stale value is given out meanwhile. */
export interface PendingValue extends Promise<unknown> {
  readonly __staleWhileFetching: unknown;
}

export function isPending(value: unknown): value is PendingValue {
  return value instanceof Promise && '__staleWhileFetching' in value;
}

/** As a Map compares keys. */
export function isSameKey(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

/**
 * The slot of the entry that a put of `key` has just left at the tail; undefined where it left none: an undefined value deletes, and what is larger than
 * the cache is not taken.
 */
export function slotJustPut<K>({ keyMap, keyList, readTail }: LruInternals<K>, key: K): number | undefined {
  const tail = readTail();
  return keyMap.size > 0 && isSameKey(keyList[tail], key) ? tail : undefined;
}
