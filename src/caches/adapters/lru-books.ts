import type { CacheAccount } from '../account.js';
import { isPending, isSameKey, type LruInternals, slotJustPut } from './lru-internals.js';
import { fetches, holds, isFresh, isPatched, type LruCacheLike } from './lru-like.js';
import { entriesLost, mayGiveOptions, newPutStatus } from './lru-options.js';
import type { SlotSizes } from './slot-sizes.js';

/** What matters of the options of a put. */
export interface PutOptions {
  readonly ttl?: number;
}

/**
 * Follows one LRUCache through those of its operations that are not simple: they have options, run callbacks of the user, are part of
 * another operation, or have to be weighed. Called from the methods that are laid over it.
 */
export class LruBooks<K, V> {
  readonly #cache: LruCacheLike<K, V>;
  readonly #internals: LruInternals<K> | null;
  /** Null: the cache keeps sizes. */
  readonly #sizes: SlotSizes<K, V> | null;
  readonly #account: CacheAccount;
  /**
   * Whether a put may be asked how it came out: what is put over lru-cache's `set` may do anything with options, and of a put over a value that is
   * being fetched, versions from 11.5 on tell that it added an entry.
   */
  readonly #isAsked: boolean;
  /** Promises of values that are being fetched, and that will be weighed when they come. */
  readonly #followed = new WeakSet<object>();

  constructor(
    cache: LruCacheLike<K, V>,
    internals: LruInternals<K> | null,
    sizes: SlotSizes<K, V> | null,
    account: CacheAccount,
  ) {
    this.#cache = cache;
    this.#internals = internals;
    this.#sizes = sizes;
    this.#account = account;
    this.#isAsked = !isPatched(cache, 'set') && !fetches(cache);
    if (cache.ttl > 0 || internals?.hadAges !== false) account.expectExpiry();
  }

  /** What the cache holds. */
  get bytes(): number {
    return this.#sizes === null ? this.#cache.calculatedSize : this.#sizes.bytes();
  }

  /** A `get` that may dispose of an expired entry, or that another operation makes. */
  guardedGet(bareGet: LruCacheLike<K, V>['get'], key: K, options: object | undefined): V | undefined {
    const isOutermost = this.#account.enter();
    const slot = this.#sizes?.slotOf(key);
    let value: V | undefined;
    try {
      value = bareGet.call(this.#cache, key, options);
    } finally {
      this.#account.leave();
      if (slot !== undefined) this.#sizes?.touched(slot);
      if (isOutermost) this.#account.wasReadAndChanged(key, value !== undefined, this.bytes);
    }
    return value;
  }

  /**
   * A simple put of a plain cache with a limit of entries alone: at most one entry goes for it, the next victim, whose slot it takes.
   * @param none what is given in place of options.
   */
  measuredSet(bareSet: LruCacheLike<K, V>['set'], key: K, value: V, none: object | undefined): unknown {
    const internals = this.#internals;
    if (internals === null) return this.guardedSet(bareSet, key, value, undefined);
    const { readHead, keyList } = internals;
    const entriesBefore = this.#cache.size;
    const head = readHead();
    const victim = keyList[head];
    this.#account.enter();
    try {
      return bareSet.call(this.#cache, key, value, none);
    } finally {
      const fewer = entriesBefore - this.#cache.size;
      const evicted = fewer === 0 && !isSameKey(keyList[head], victim) ? 1 : 0;
      this.#sizes?.put(key, value, evicted);
      this.#account.leave();
      if (fewer < 0 || evicted > 0) this.#account.gained(key);
      this.#account.put(this.bytes, evicted);
    }
  }

  /** A simple put of any other cache: lru-cache is asked how it came out. */
  followedSet(bareSet: LruCacheLike<K, V>['set'], key: K, value: V): unknown {
    const entriesBefore = this.#cache.size;
    const status = newPutStatus();
    this.#account.enter();
    this.#sizes?.beforePut();
    try {
      return bareSet.call(this.#cache, key, value, { status });
    } finally {
      const evicted = entriesLost(status, entriesBefore - this.#cache.size);
      this.#sizes?.put(key, value, evicted);
      this.#account.leave();
      if (status.set === 'add') this.#account.gained(key);
      this.#account.put(this.bytes, evicted);
    }
  }

  /** A put with options of the user's, inside another operation, or by a `set` that is not lru-cache's: told from outside, where no status tells. */
  guardedSet(bareSet: LruCacheLike<K, V>['set'], key: K, value: V, options: PutOptions | undefined): unknown {
    if (this.#cache.ttl > 0 || options?.ttl !== undefined) this.#account.expectExpiry();
    const isOutermost = this.#account.enter();
    if (isOutermost) this.#sizes?.beforePut();
    const wasHeld = this.#holds(key);
    const entriesBefore = this.#cache.size;
    const status = options === undefined && this.#isAsked && mayGiveOptions() ? newPutStatus() : null;
    let evicted = 0;
    try {
      return bareSet.call(this.#cache, key, value, status === null ? options : { status });
    } finally {
      if (isOutermost && status?.set !== undefined) evicted = entriesLost(status, entriesBefore - this.#cache.size);
      else if (isOutermost) evicted = this.#lost(entriesBefore, wasHeld, this.#hasJustPut(key));
      this.#sizes?.put(key, isPending(value) ? undefined : value, evicted); // a fetch of lru-cache 10 puts its promise
      this.#account.leave();
      if (!wasHeld) this.#account.gained(key);
      if (isOutermost) this.#account.put(this.bytes, evicted);
    }
  }

  guardedDelete(bareDelete: LruCacheLike<K, V>['delete'], key: K): boolean {
    const isOutermost = this.#account.enter();
    const slot = this.#sizes?.slotOf(key);
    try {
      return bareDelete.call(this.#cache, key);
    } finally {
      this.#account.leave();
      if (slot !== undefined) this.#sizes?.touched(slot);
      if (isOutermost) this.#account.changed(this.bytes);
    }
  }

  /** Any other operation that may change the content is over. */
  changed(): void {
    this.#account.changed(this.bytes);
  }

  cleared(): void {
    this.#sizes?.cleared();
    this.#account.chances?.overlook();
    this.changed();
  }

  /** A read begins that lets the cache make the value on a miss. */
  beginReadThrough(key: K): ReadThrough {
    this.#account.expectExpiry(); // the options may say so
    this.#sizes?.beforePut();
    return { isHit: isFresh(this.#cache, key), wasHeld: this.#holds(key), entriesBefore: this.#cache.size };
  }

  /** It is over, or threw; the value may be still to come. */
  endReadThrough(key: K, { isHit, wasHeld, entriesBefore }: ReadThrough): void {
    if (isHit) this.#account.wasRead(key, true);
    else {
      const evicted = this.#lost(entriesBefore, wasHeld, this.#holds(key));
      this.#sizes?.brought(key, evicted);
      this.#account.ownEvictions += evicted;
      this.#account.gained(key);
      this.#account.wasReadAndChanged(key, false, this.bytes);
    }
    this.#follow(key);
  }

  /** Weighs a value that is being fetched once it has come. Takes no rejection away: lru-cache gives out promises of its own. */
  #follow(key: K): void {
    const slot = this.#internals?.keyMap.get(key);
    const pending = slot === undefined ? undefined : this.#internals?.valList[slot];
    if (!isPending(pending) || this.#followed.has(pending)) return;
    this.#followed.add(pending);
    const settled = () => {
      this.#sizes?.brought(key, 0);
      this.#account.gained(key);
      this.changed();
    };
    pending.then(settled, settled);
  }

  /** Entries beside that of one key that are there no more; what a derived class put under other keys may hide some. */
  #lost(entriesBefore: number, wasHeld: boolean, isHeld: boolean): number {
    return Math.max(0, entriesBefore - (wasHeld ? 1 : 0) - this.#cache.size + (isHeld ? 1 : 0));
  }

  #holds(key: K): boolean {
    return this.#internals === null ? holds(this.#cache, key) : this.#internals.keyMap.has(key);
  }

  #hasJustPut(key: K): boolean {
    return this.#internals === null ? holds(this.#cache, key) : slotJustPut(this.#internals, key) !== undefined;
  }
}

/** How a read-through found the cache. */
interface ReadThrough {
  readonly isHit: boolean;
  /** Be it stale. */
  readonly wasHeld: boolean;
  readonly entriesBefore: number;
}
