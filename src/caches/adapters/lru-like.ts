/** The part of lru-cache's LRUCache (10 and later) that spillway uses; structural, so that the package stays optional. */
export interface LruCacheLike<K, V> {
  readonly max: number;
  readonly size: number;
  readonly calculatedSize: number;
  readonly maxSize: number;
  readonly maxEntrySize: number;
  readonly ttl: number;
  allowStale: boolean;
  get(key: NoInfer<K>, options?: object): NoInfer<V> | undefined;
  set(key: NoInfer<K>, value: NoInfer<V> | undefined, options?: object): unknown;
  peek(key: NoInfer<K>, options?: object): NoInfer<V> | undefined;
  has(key: NoInfer<K>, options?: object): boolean;
  delete(key: NoInfer<K>): boolean;
  pop(): NoInfer<V> | undefined;
  clear(): void;
  getRemainingTTL(key: NoInfer<K>): number;
  rkeys(): Iterator<NoInfer<K>>;
  /** What the types of keys and values are inferred from: the others also take or give undefined. */
  entries(): Iterable<[K, V]>;
}

const METHODS = ['get', 'set', 'peek', 'has', 'delete', 'pop', 'clear', 'getRemainingTTL', 'rkeys', 'entries'];

export function isLruCache(cache: object): cache is LruCacheLike<unknown, unknown> {
  return (
    'calculatedSize' in cache &&
    typeof cache.calculatedSize === 'number' &&
    METHODS.every((name) => typeof Reflect.get(cache, name) === 'function')
  );
}

/** Whether the cache can fetch values itself. */
export function fetches(cache: object): boolean {
  return 'fetchMethod' in cache && cache.fetchMethod !== undefined;
}

/** Whether a method is that of lru-cache as it was written, and not of a class derived from it, of the cache alone, or put there by somebody. */
export function isOfLruCache(cache: object, method: string): boolean {
  return isFoundOnLruCache(cache, method) && isAsWritten(cache, method);
}

/** Whether somebody has put a method over that of lru-cache's own class. */
export function isPatched(cache: object, method: string): boolean {
  return isFoundOnLruCache(cache, method) && !isAsWritten(cache, method);
}

function isFoundOnLruCache(cache: object, method: string): boolean {
  let owner: object | null = cache;
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner);
  if (owner === null || !Object.hasOwn(owner, 'constructor')) return false;
  return Object.hasOwn(owner.constructor, 'unsafeExposeInternals');
}

/** Only code inside a class can name its private fields. Wrong for a copy that was compiled for an old JavaScript, which has none. */
function isAsWritten(cache: object, method: string): boolean {
  return String(Reflect.get(cache, method)).includes('this.#');
}

/** Whether the code of others, which may use the cache in any way, can run while `method` puts or removes an entry, as far as this version shows. */
export function callsBack(cache: object, method: string): boolean {
  if (!isOfLruCache(cache, method) || fetches(cache) || !('dispose' in cache && 'disposeAfter' in cache)) return true;
  return [cache.dispose, cache.disposeAfter, Reflect.get(cache, 'onInsert')].some((callback) => callback !== undefined);
}

/** Whether the cache keeps sizes itself: it does once it was given maxSize or maxEntrySize. */
export function tracksSizes(cache: LruCacheLike<unknown, unknown>): boolean {
  return cache.maxSize > 0 || cache.maxEntrySize > 0;
}

/**
 * Whether the cache has an entry for the key, be it stale or still being fetched. `has` will not do: it can renew the age of the
 * entry, takes a stale one for none, and is published on the cache's own diagnostics channel.
 */
export function holds<K, V>(cache: LruCacheLike<K, V>, key: K): boolean {
  return cache.getRemainingTTL(key) !== 0 || cache.peek(key, { allowStale: true }) !== undefined;
}

/** Whether `fetch` or `memo` would find a value that is not stale, without a trace in the cache. */
export function isFresh<K, V>(cache: LruCacheLike<K, V>, key: K): boolean {
  return cache.getRemainingTTL(key) > 0 && (infoOf(cache, key) !== undefined || !('info' in cache));
}

/**
 * Keys that `pop` takes next, at most `count`, the first one in front; stale ones too, which `rkeys` shows only where the cache allows
 * stale values. Entries that are being fetched are not among them, though `pop` may take them.
 */
export function nextVictims<K, V>(cache: LruCacheLike<K, V>, count: number): K[] {
  const keys: K[] = [];
  const { allowStale } = cache;
  cache.allowStale = true;
  try {
    const iterator = cache.rkeys();
    for (let next = iterator.next(); keys.length < count && next.done !== true; next = iterator.next())
      keys.push(next.value);
  } finally {
    cache.allowStale = allowStale;
  }
  return keys;
}

/** Every entry with a value, stale or not. */
export function allEntries<K, V>(cache: LruCacheLike<K, V>): [K, V][] {
  const { allowStale } = cache;
  cache.allowStale = true;
  try {
    return [...cache.entries()];
  } finally {
    cache.allowStale = allowStale;
  }
}

/** Bytes of an entry by the cache's own count; 0 where this version does not tell. */
export function entryBytes<K, V>(cache: LruCacheLike<K, V>, key: K): number {
  const info = infoOf(cache, key);
  return typeof info === 'object' && info !== null && 'size' in info && typeof info.size === 'number' ? info.size : 0;
}

function infoOf<K, V>(cache: LruCacheLike<K, V>, key: K): unknown {
  return 'info' in cache && typeof cache.info === 'function' ? cache.info(key) : undefined;
}
