import type { CacheAccount } from '../account.js';
import { Overlay } from '../overlay.js';
import type { LruBooks, PutOptions } from './lru-books.js';
import type { LruCacheLike } from './lru-like.js';
import { entriesLost, mayAskPut, newPutStatus } from './lru-put-status.js';

/** Where a laid-over method finds what it needs of the cache that it is called on. */
const ACCOUNT = Symbol('spillway.account');
const BOOKS = Symbol('spillway.books');

/** A cache as a laid-over method finds it: with nothing, once it was unregistered, or when the method is borrowed for another one. */
interface Booked<K, V> extends LruCacheLike<K, V> {
  readonly [ACCOUNT]?: CacheAccount;
  readonly [BOOKS]?: LruBooks<K, V>;
}

/**
 * Lays over an LRUCache whatever can change its content or counts as a read.
 * @param keepsSizes whether `calculatedSize` is what the cache holds.
 */
export function layOver<K, V>(
  cache: LruCacheLike<K, V>,
  books: LruBooks<K, V>,
  account: CacheAccount,
  keepsSizes: boolean,
): Overlay<LruCacheLike<K, V>> {
  const overlay = new Overlay(cache, account);
  overlay.lay(ACCOUNT, account);
  overlay.lay('get', coverGet(cache.get));
  overlay.lay('set', coverOfSet(cache, keepsSizes)(cache.set));
  overlay.lay('delete', coverDelete(cache.delete));
  overlay.lay(BOOKS, books);
  const changed = () => books.changed();
  const cleared = () => books.cleared();
  for (const name of ['pop', 'purgeStale']) overlay.layAround(name, () => undefined, changed);
  for (const name of ['clear', 'load']) overlay.layAround(name, () => undefined, cleared);
  for (const name of ['fetch', 'forceFetch', 'memo']) {
    overlay.layAround(
      name,
      ([key]) => ({ key: key as K, begun: books.beginReadThrough(key as K) }),
      ({ key, begun }) => books.endReadThrough(key, begun),
    );
  }
  return overlay;
}

/** The methods as they are shared: by caches with keys and values of any type. */
type Lru = LruCacheLike<unknown, unknown>;
type BookedLru = Booked<unknown, unknown>;

const coverGet = shared<Lru['get']>(
  (bareGet) =>
    function get(this: BookedLru, key: unknown, options?: object): unknown {
      const account = this[ACCOUNT];
      if (options !== undefined || account?.isGuarded !== false) return guardedGet(this, bareGet, key, options);
      const value = bareGet.call(this, key);
      account.wasRead(key, value !== undefined);
      return value;
    },
);

const coverSet = shared<Lru['set']>(
  (bareSet) =>
    function set(this: BookedLru, key: unknown, value: unknown, options?: PutOptions): unknown {
      const account = this[ACCOUNT];
      if (account === undefined || !isSimplePut(this, account, options)) {
        return guardedSet(this, bareSet, key, value, options);
      }
      const entriesBefore = this.size;
      const status = newPutStatus();
      account.enter();
      try {
        return bareSet.call(this, key, value, { status });
      } finally {
        account.leave();
        if (status.set === 'add') account.gained(key);
        account.put(this.calculatedSize, entriesLost(status, entriesBefore - this.size));
      }
    },
);

/** For a cache that fetches: of a put over a value that is being fetched, versions from 11.5 on tell that it added an entry. */
const coverFetchingSet = shared<Lru['set']>(
  (bareSet) =>
    function set(this: BookedLru, key: unknown, value: unknown, options?: PutOptions): unknown {
      return guardedSet(this, bareSet, key, value, options);
    },
);

const coverWeighedSet = shared<Lru['set']>(
  (bareSet) =>
    function set(this: BookedLru, key: unknown, value: unknown, options?: PutOptions): unknown {
      const account = this[ACCOUNT];
      const books = this[BOOKS];
      return account !== undefined && books !== undefined && isSimplePut(this, account, options)
        ? books.weighedSet(bareSet, key, value)
        : guardedSet(this, bareSet, key, value, options);
    },
);

function coverOfSet(cache: object, keepsSizes: boolean): (bare: unknown) => Lru['set'] {
  if ('fetchMethod' in cache && cache.fetchMethod !== undefined) return coverFetchingSet;
  return keepsSizes ? coverSet : coverWeighedSet;
}

const coverDelete = shared<Lru['delete']>(
  (bareDelete) =>
    function remove(this: BookedLru, key: unknown): boolean {
      const books = this[BOOKS];
      return books === undefined ? bareDelete.call(this, key) : books.guardedDelete(bareDelete, key);
    },
);

/** Whether a put may ask lru-cache how it came out: it has no options of its own, is part of no other operation, and nobody listens. */
function isSimplePut(cache: BookedLru, account: CacheAccount, options: PutOptions | undefined): boolean {
  return options === undefined && cache.ttl === 0 && !account.joint.isBusy && mayAskPut();
}

function guardedGet(cache: BookedLru, bareGet: Lru['get'], key: unknown, options: object | undefined): unknown {
  const books = cache[BOOKS];
  return books === undefined ? bareGet.call(cache, key, options) : books.guardedGet(bareGet, key, options);
}

function guardedSet(
  cache: BookedLru,
  bareSet: Lru['set'],
  key: unknown,
  value: unknown,
  options: PutOptions | undefined,
): unknown {
  const books = cache[BOOKS];
  return books === undefined
    ? bareSet.call(cache, key, value, options)
    : books.guardedSet(bareSet, key, value, options);
}

/**
 * Makes one cover for all caches that have a method in common. V8 compiles a method into its callers only while it is one and the same
 * function; with a closure for each cache, a hundred caches cost twice as much per operation as one (bench/cache-ops).
 */
function shared<F extends object>(cover: (bare: F) => F): (bare: unknown) => F {
  const covers = new WeakMap<object, F>();
  return (bare) => {
    const method = bare as F;
    const made = covers.get(method) ?? cover(method);
    covers.set(method, made);
    return made;
  };
}
