import type { CacheAccount } from '../account.js';
import type { LruBooks } from './lru-books.js';
import type { LruInternals } from './lru-internals.js';

/** Lets a class put private fields of its own on an object of another class. */
class Host {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: it is what puts the fields of a derived class on that object
    return object;
  }
}

/**
 * What hangs on a registered cache: private fields of the cache itself, which are found at the cost of a load and leave nothing to be seen. They are
 * null once it was unregistered, and there are none where a laid-over method is borrowed for another object.
 */
export class Registered extends Host {
  #account: CacheAccount | null = null;
  #slots: LruInternals<unknown> | null = null;
  #books: LruBooks<unknown, unknown> | null = null;

  static begin<K, V>(cache: object, account: CacheAccount, books: LruBooks<K, V>, slots: LruInternals<K> | null): void {
    const registered = #account in cache ? cache : new Registered(cache);
    registered.#account = account;
    registered.#slots = slots as LruInternals<unknown> | null;
    registered.#books = books as LruBooks<unknown, unknown>;
  }

  static end(cache: object): void {
    if (!(#account in cache)) return;
    cache.#account = null;
    cache.#slots = null;
    cache.#books = null;
  }

  static accountOf(cache: object): CacheAccount | null {
    return #account in cache ? cache.#account : null;
  }

  static slotsOf(cache: object): LruInternals<unknown> | null {
    return #account in cache ? cache.#slots : null;
  }

  static booksOf(cache: object): LruBooks<unknown, unknown> | null {
    return #account in cache ? cache.#books : null;
  }
}
