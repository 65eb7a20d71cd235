import { EPOCH } from '../../page/page.js';
import { type CacheAccount, GLANCE_BITS, type JointBooks } from '../account.js';
import type { LruBooks, PutOptions } from './lru-books.js';
import { isSameKey, type LruInternals, slotJustPut } from './lru-internals.js';
import { callsBack, fetches, isOfLruCache, type LruCacheLike, tracksSizes } from './lru-like.js';
import { mayGiveOptions, optionsOfNone } from './lru-options.js';
import { Registered } from './lru-registered.js';

/** The methods as they are shared: by caches with keys and values of any type. */
type Lru = LruCacheLike<unknown, unknown>;
type Books = LruBooks<unknown, unknown>;
export type Method = (this: Lru, ...args: never[]) => unknown;

/**
 * Makes the method that hides a bare one. It is made once for all caches of a class that belong to one runtime, so it finds what it needs on the cache
 * that it is called on; but for what they have in common, which V8 then compiles into it as it does constants: that spares the look at the page most
 * of its loads.
 */
type Cover = (bare: Method, joint: JointBooks) => Method;

export type Covers = ReadonlyMap<string, Cover>;

/** How the methods of this cache are covered: the same answer for all caches that are alike. */
export function coversOf<K, V>(cache: LruCacheLike<K, V>, slots: LruInternals<K> | null, keepsSizes: boolean): Covers {
  if (!isOfLruCache(cache, 'get') || !isOfLruCache(cache, 'set')) return FOREIGN;
  if (fetches(cache)) return FETCHING;
  // a put must leave the slots alone until its end, to tell by them what it did; and the slot of a single entry is always the same
  if (slots === null || callsBack(cache, 'set') || cache.max === 1) return FOLLOWED;
  if (!keepsSizes) return tracksSizes(cache) ? FOLLOWED : MEASURED;
  if (cache.max > 0) return COUNTED;
  return slots.freeSlots === null ? FOLLOWED : PLAIN;
}

const coverGet: Cover = (bare, joint) => {
  const bareGet = bare as Lru['get'];
  const { epoch } = joint;
  const { words } = epoch;
  return function get(this: Lru, key: unknown, options?: object): unknown {
    const account = Registered.accountOf(this);
    if (options !== undefined || account === null || account.joint !== joint || account.isGuarded) {
      return guardedGet(this, bareGet, key, options);
    }
    const value = bareGet.call(this, key);
    if (value === undefined) account.missed(key);
    else if ((++account.hits & GLANCE_BITS) === 0 || words[EPOCH] !== epoch.seen) joint.look();
    return value;
  };
};

/** For a `get` that is not lru-cache's: it may use the cache in any way. */
const coverGuardedGet: Cover = (bare) => {
  const bareGet = bare as Lru['get'];
  return function get(this: Lru, key: unknown, options?: object): unknown {
    return guardedGet(this, bareGet, key, options);
  };
};

/**
 * For a plain cache without a limit of entries. A new entry takes the top of the stack of free slots, and one that goes leaves its own there, so a
 * put that only replaces leaves the stack alone. The order of the slots would tell as well, but has to be asked for by a call.
 */
const coverPlainSet: Cover = (bare, joint) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const slots = Registered.slotsOf(this);
    const stack = slots === null ? null : slots.freeSlots;
    if (account === null || slots === null || stack === null || !isSimplePut(this, account, joint, options)) {
      return guardedSet(this, bareSet, key, value, options);
    }
    const entriesBefore = this.size;
    const free = stack.length;
    const top = topOf(stack, free);
    account.enter();
    try {
      return bareSet.call(this, key, value, optionsOfNone());
    } finally {
      account.leave();
      const fewer = entriesBefore - this.size;
      let evicted = 0;
      if (fewer === 0 || (fewer > 0 && slotJustPut(slots, key) !== undefined)) {
        const isNew = stack.length !== free + fewer || topOf(stack, free) !== top;
        evicted = isNew ? fewer + 1 : fewer;
      }
      if (evicted > fewer) account.gained(key);
      account.countPut(evicted);
      joint.grown(account, this.calculatedSize);
    }
  };
};

/** @param length the stack's own, or less. */
function topOf(stack: ArrayLike<number>, length: number): number | undefined {
  return length === 0 ? undefined : stack[length - 1];
}

/**
 * For a plain cache with a limit of entries, where a new entry takes the slot of the one that goes: that slot has another key then, or none, and
 * where several went, the order of the slots tells how many.
 */
const coverCountedSet: Cover = (bare, joint) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const slots = Registered.slotsOf(this);
    if (account === null || slots === null || !isSimplePut(this, account, joint, options)) {
      return guardedSet(this, bareSet, key, value, options);
    }
    const entriesBefore = this.size;
    const head = slots.readHead();
    const victim = slots.keyList[head];
    account.enter();
    try {
      return bareSet.call(this, key, value, optionsOfNone());
    } finally {
      account.leave();
      const fewer = entriesBefore - this.size;
      let evicted = 0;
      if (fewer > 0) evicted = wentFor(slots, key, head, victim, fewer);
      else if (fewer === 0 && !isSameKey(slots.keyList[head], victim)) evicted = 1;
      if (evicted > fewer) account.gained(key);
      account.countPut(evicted);
      joint.grown(account, this.calculatedSize);
    }
  };
};

/**
 * Entries that went for the one that was put: as many as there are `fewer` now, or one more where the key is new.
 * @param head the slot of the next to go, before.
 * @param victim its key.
 */
function wentFor(slots: LruInternals<unknown>, key: unknown, head: number, victim: unknown, fewer: number): number {
  const tail = slotJustPut(slots, key);
  if (tail === undefined) return 0;
  const { next, readHead } = slots;
  const end = readHead();
  let went = tail === head && isSameKey(victim, key) ? 0 : 1; // keys are compared where it matters only: that takes time
  for (let slot = next[head]; slot !== undefined && slot !== end && went <= fewer; went++) slot = next[slot];
  return went;
}

/** For a plain cache with a limit of entries alone, which keeps no sizes. */
const coverMeasuredSet: Cover = (bare, joint) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const books = Registered.booksOf(this);
    return account !== null && books !== null && isSimplePut(this, account, joint, options)
      ? books.measuredSet(bareSet, key, value, optionsOfNone())
      : guardedSet(this, bareSet, key, value, options);
  };
};

/** For a cache that calls the user back, or does not show enough to tell by it what a put did: lru-cache is asked. */
const coverFollowedSet: Cover = (bare, joint) => {
  const bareSet = bare as Lru['set'];
  return function set(this: Lru, key: unknown, value: unknown, options?: PutOptions): unknown {
    const account = Registered.accountOf(this);
    const books = Registered.booksOf(this);
    return account !== null && books !== null && isSimplePut(this, account, joint, options) && mayGiveOptions()
      ? books.followedSet(bareSet, key, value)
      : guardedSet(this, bareSet, key, value, options);
  };
};

/** For a cache that fetches, and for a `set` that is not lru-cache's: it may put another key, none or several, and pass no options on. */
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

function coverAround<B>(
  before: (books: Books, key: unknown) => B,
  after: (books: Books, begun: B, key: unknown) => void,
): Cover {
  return (bare) =>
    function around(this: Lru, ...args: never[]): unknown {
      const account = Registered.accountOf(this);
      const books = Registered.booksOf(this);
      if (account === null || books === null) return bare.apply(this, args);
      return account.around(
        () => bare.apply(this, args),
        () => before(books, args[0]),
        (begun) => after(books, begun, args[0]),
      );
    };
}

const nothingBefore = () => undefined;
const coverChange = coverAround(nothingBefore, (books) => books.changed());
const coverClear = coverAround(nothingBefore, (books) => books.cleared());
const coverReadThrough = coverAround(
  (books, key) => books.beginReadThrough(key),
  (books, begun, key) => books.endReadThrough(key, begun),
);

const PLAIN = coversWith(coverGet, coverPlainSet);
const COUNTED = coversWith(coverGet, coverCountedSet);
const MEASURED = coversWith(coverGet, coverMeasuredSet);
const FOLLOWED = coversWith(coverGet, coverFollowedSet);
const FETCHING = coversWith(coverGet, coverGuardedSet);
const FOREIGN = coversWith(coverGuardedGet, coverGuardedSet);

function coversWith(coverRead: Cover, coverPut: Cover): Covers {
  return new Map([
    ['get', coverRead],
    ['set', coverPut],
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

/**
 * Whether a put has no options of its own and is part of no other operation; and is not made by a method that is left over from when the cache was
 * registered elsewhere.
 */
function isSimplePut(cache: Lru, account: CacheAccount, joint: JointBooks, options: PutOptions | undefined): boolean {
  return options === undefined && cache.ttl === 0 && account.joint === joint && !joint.isBusy;
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
