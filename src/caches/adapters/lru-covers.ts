import type { CacheAccount } from '../account.js';
import type { LruBooks, PutOptions } from './lru-books.js';
import { isSameKey, type LruInternals } from './lru-internals.js';
import type { LruCacheLike } from './lru-like.js';
import { mayAskPut } from './lru-put-status.js';
import { Registered } from './lru-registered.js';

/** The methods as they are shared: by caches with keys and values of any type. */
type Lru = LruCacheLike<unknown, unknown>;
type Books = LruBooks<unknown, unknown>;
type Method = (this: Lru, ...args: never[]) => unknown;

/** Makes the method that hides a bare one. It is made once for all caches of a class, so it finds what it needs on the cache that it is called on. */
type Cover = (bare: Method) => Method;

export type Covers = ReadonlyMap<string, Cover>;

/** How the methods of this cache are covered: the same answer for all caches that are alike. */
export function coversOf<K, V>(cache: LruCacheLike<K, V>, slots: LruInternals<K> | null, keepsSizes: boolean): Covers {
  const fetches = 'fetchMethod' in cache && cache.fetchMethod !== undefined;
  if (fetches || !hasBareSet(cache)) return GUARDED;
  return slots !== null && keepsSizes && isPlain(cache) ? PLAIN : FOLLOWED;
}

/**
 * Whether a put runs no code of the user's in the middle of it, as far as this version shows, and what it did can be told by the order of the slots:
 * a cache that may evict what was just put is not plain.
 */
function isPlain<K, V>(cache: LruCacheLike<K, V>): boolean {
  if (!('dispose' in cache && 'disposeAfter' in cache)) return false;
  const callbacks = [cache.dispose, cache.disposeAfter, Reflect.get(cache, 'onInsert')];
  const mayEvictOwnPut = cache.max === 1 || (cache.maxSize > 0 && cache.maxEntrySize > cache.maxSize);
  return callbacks.every((callback) => callback === undefined) && !mayEvictOwnPut;
}

/** Whether `set` is that of lru-cache, and not of a class derived from it, or of the cache alone. */
function hasBareSet(cache: object): boolean {
  let owner: object | null = cache;
  while (owner !== null && !Object.hasOwn(owner, 'set')) owner = Object.getPrototypeOf(owner);
  if (owner === null || !Object.hasOwn(owner, 'constructor')) return false;
  return Object.hasOwn(owner.constructor, 'unsafeExposeInternals');
}

const coverGet: Cover = (bare) => {
  const bareGet = bare as Lru['get'];
  return function get(this: Lru, key: unknown, options?: object): unknown {
    const account = Registered.accountOf(this);
    if (options !== undefined || account === null || account.isGuarded) return guardedGet(this, bareGet, key, options);
    const value = bareGet.call(this, key);
    account.wasRead(key, value !== undefined);
    return value;
  };
};

/**
 * For a plain cache. What its `sizeCalculation` does to registered caches comes before the put, since lru-cache asks for the size before it changes
 * anything; and when that throws, nothing was put.
 */
const coverPlainSet: Cover = (bare) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const slots = Registered.slotsOf(this);
    if (options !== undefined || account === null || slots === null || this.ttl !== 0 || account.joint.isBusy) {
      return guardedSet(this, bareSet, key, value, options);
    }
    const entriesBefore = this.size;
    const head = slots.readHead();
    const victim = slots.keyList[head];
    const result = bareSet.call(this, key, value);
    const fewer = entriesBefore - this.size;
    let evicted = 0;
    if (fewer < 0) account.gained(key);
    else if (slots.readHead() !== head) {
      evicted = evictedBy(slots, key, head, victim, entriesBefore);
      if (evicted > fewer) account.gained(key);
    }
    account.put(this.calculatedSize, evicted);
    return result;
  };
};

/** Entries that went for the one that was put, where `victim` was the next to go, in the slot `head`. Keys are compared last: that takes time. */
function evictedBy(
  { keyList, next, readHead, readTail }: LruInternals<unknown>,
  key: unknown,
  head: number,
  victim: unknown,
  entriesBefore: number,
): number {
  const tail = readTail();
  if (!isSameKey(keyList[tail], key)) return 0; // an undefined value deletes, and what is larger than the cache is not taken
  const end = readHead();
  let gone = tail === head && isSameKey(victim, key) ? next[head] : head;
  let count = 0;
  for (; gone !== undefined && gone !== end && count < entriesBefore; count++) gone = next[gone];
  return count;
}

/** For a cache that keeps no sizes, or calls the user back. */
const coverFollowedSet: Cover = (bare) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const books = Registered.booksOf(this);
    return account !== null && books !== null && isSimplePut(this, account, options)
      ? books.followedSet(bareSet, key, value)
      : guardedSet(this, bareSet, key, value, options);
  };
};

/**
 * For a cache that fetches: of a put over a value that is being fetched, versions from 11.5 on tell that it added an entry. And for one whose `set` is
 * not that of lru-cache: nobody knows what it does.
 */
const coverGuardedSet: Cover = (bare) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    return guardedSet(this, bareSet, key, value, options);
  };
};

const coverDelete: Cover = (bare) => {
  const bareDelete = bare as Lru['delete'];
  return function remove(this: Lru, key: unknown): boolean {
    const books = Registered.booksOf(this);
    return books === null ? bareDelete.call(this, key) : books.guardedDelete(bareDelete, key);
  };
};

/** `after` runs also when the method throws; neither does for calls from inside the cache. */
function coverAround<B>(
  before: (books: Books, key: unknown) => B,
  after: (books: Books, begun: B, key: unknown) => void,
): Cover {
  return (bare) =>
    function around(this: Lru, ...args: never[]): unknown {
      const account = Registered.accountOf(this);
      const books = Registered.booksOf(this);
      if (account === null || books === null) return bare.apply(this, args);
      const isOutermost = account.enter();
      let begun: B | undefined;
      try {
        if (isOutermost) begun = before(books, args[0]);
        return bare.apply(this, args);
      } finally {
        account.leave();
        if (isOutermost) after(books, begun as B, args[0]);
      }
    };
}

const nothingBefore = () => undefined;
const coverChange = coverAround(nothingBefore, (books) => books.changed());
const coverClear = coverAround(nothingBefore, (books) => books.cleared());
const coverReadThrough = coverAround(
  (books, key) => books.beginReadThrough(key),
  (books, begun, key) => books.endReadThrough(key, begun),
);

const PLAIN = coversWith(coverPlainSet);
const FOLLOWED = coversWith(coverFollowedSet);
const GUARDED = coversWith(coverGuardedSet);

function coversWith(coverSet: Cover): Covers {
  return new Map([
    ['get', coverGet],
    ['set', coverSet],
    ['delete', coverDelete],
    ['pop', coverChange],
    ['purgeStale', coverChange],
    ['clear', coverClear],
    ['load', coverClear],
    ['fetch', coverReadThrough],
    ['forceFetch', coverReadThrough],
    ['memo', coverReadThrough],
  ]);
}

/** Whether a put may ask lru-cache how it came out: it has no options of its own, is part of no other operation, and nobody listens. */
function isSimplePut(cache: Lru, account: CacheAccount, options: PutOptions | undefined): boolean {
  return options === undefined && cache.ttl === 0 && !account.joint.isBusy && mayAskPut();
}

function guardedGet(cache: Lru, bareGet: Lru['get'], key: unknown, options: object | undefined): unknown {
  const books = Registered.booksOf(cache);
  return books === null ? bareGet.call(cache, key, options) : books.guardedGet(bareGet, key, options);
}

function guardedSet(
  cache: Lru,
  bareSet: Lru['set'],
  key: unknown,
  value: unknown,
  options: PutOptions | undefined,
): unknown {
  const books = Registered.booksOf(cache);
  return books === null ? bareSet.call(cache, key, value, options) : books.guardedSet(bareSet, key, value, options);
}
