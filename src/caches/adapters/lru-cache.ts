import { monotonicUs } from '../../page/clock.js';
import type { CacheAdapter } from '../contract.js';
import { type Operations, Overlay } from '../operations.js';
import type { SizeOf } from '../size-of.js';

/** Entries between two looks at the clock. Source: as in `map.ts`. */
const ENTRIES_PER_LOOK = 32;

/** The part of lru-cache's LRUCache (10 and later) that spillway uses; structural, so that the package stays optional. */
export interface LruCacheLike<K, V> {
  readonly max: number;
  readonly size: number;
  readonly calculatedSize: number;
  readonly maxSize: number;
  readonly maxEntrySize: number;
  get(key: K, options?: object): V | undefined;
  set(key: K, value: V | undefined, options?: object): unknown;
  peek(key: K, options?: object): V | undefined;
  has(key: K, options?: object): boolean;
  delete(key: K): boolean;
  pop(): V | undefined;
  clear(): void;
  rkeys(): Iterator<K>;
  entries(): Iterable<[K, V]>;
}

export function isLruCache(cache: object): cache is LruCacheLike<unknown, unknown> {
  return (
    'calculatedSize' in cache &&
    typeof cache.calculatedSize === 'number' &&
    ['get', 'set', 'peek', 'has', 'delete', 'pop', 'clear', 'rkeys', 'entries'].every(
      (name) => typeof Reflect.get(cache, name) === 'function',
    )
  );
}

/** Whether the cache keeps sizes itself: it does once it was given maxSize or maxEntrySize. */
export function tracksSizes(cache: LruCacheLike<unknown, unknown>): boolean {
  return cache.maxSize > 0 || cache.maxEntrySize > 0;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * An LRUCache that keeps sizes itself: `calculatedSize` is the truth after every operation. Every documented method that can
 * change the content or counts as a read is laid over; an expiry by `ttlAutopurge` is seen with the next operation.
 */
export function adaptLruCache<K, V>(cache: LruCacheLike<K, V>, operations: Operations): CacheAdapter {
  const overlay = new Overlay(cache);
  const bareGet = cache.get;
  const bareSet = cache.set;
  const bareHas = cache.has;
  const barePop = cache.pop;

  overlay.lay('get', function get(this: LruCacheLike<K, V>, key: K, options?: object): V | undefined {
    const value = bareGet.call(cache, key, options);
    operations.read(value !== undefined, key);
    return value;
  });
  /** The largest entry that was put: when there is room for another one like it, a put evicts nothing. */
  let largestBytes = 0;
  overlay.lay('set', function set(this: LruCacheLike<K, V>, key: K, value: V, options?: object): unknown {
    const { size, calculatedSize } = cache;
    const isFull = size === cache.max || calculatedSize + largestBytes > cache.maxSize;
    const replaces = isFull && bareHas.call(cache, key);
    const result = bareSet.call(cache, key, value, options);
    const bytes = cache.calculatedSize;
    if (bytes - calculatedSize > largestBytes) largestBytes = bytes - calculatedSize;
    const left = cache.size - (replaces ? 0 : 1);
    if (isFull && left < size) operations.evicted(size - left);
    operations.put(bytes);
    return result;
  });
  for (const name of ['delete', 'clear', 'pop', 'purgeStale', 'load']) {
    layShrinking(overlay, cache, name, () => operations.shrink(cache.calculatedSize));
  }
  for (const name of ['fetch', 'forceFetch', 'memo']) layReading(overlay, cache, name, operations);

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
          if (cache.calculatedSize <= targetBytes) return undefined;
          if (floorBytes > 0 && cache.calculatedSize - nextVictimBytes(cache) < floorBytes) return undefined;
          barePop.call(cache);
          if (!bareHas.call(cache, key)) operations.dropped(key);
        }
        if (cache.size === sizeBefore) barePop.call(cache); // nothing but stale entries, which are not listed
      } while (cache.calculatedSize > targetBytes && cache.size < sizeBefore && monotonicUs() < sliceEndUs);
      return undefined;
    },
    detach: () => overlay.lift(),
  };
}

/** An LRUCache without sizes of its own: spillway keeps a table of them beside it. */
export function adaptUnsizedLruCache<K, V>(
  cache: LruCacheLike<K, V>,
  sizeOf: SizeOf<K, V>,
  operations: Operations,
): CacheAdapter {
  const overlay = new Overlay(cache);
  const bareGet = cache.get;
  const bareSet = cache.set;
  const barePop = cache.pop;
  const sizes = new Map<K, number>();
  let totalBytes = 0;

  const forget = (key: K) => {
    totalBytes -= sizes.get(key) ?? 0;
    sizes.delete(key);
  };
  /** Drops from the table what the cache dropped by itself. The usual victim is known, so the scan is rare. */
  const reconcile = (): number => {
    let lost = 0;
    if (sizes.size === cache.size) return lost;
    for (const key of sizes.keys()) {
      if (cache.has(key)) continue;
      forget(key);
      lost++;
    }
    return lost;
  };
  const remember = (key: K, value: V) => {
    forget(key);
    if (!cache.has(key)) return;
    const bytes = sizeOf(value, key);
    sizes.set(key, bytes);
    totalBytes += bytes;
  };

  for (const [key, value] of cache.entries()) remember(key, value);

  overlay.lay('get', function get(this: LruCacheLike<K, V>, key: K, options?: object): V | undefined {
    const value = bareGet.call(cache, key, options);
    if (value === undefined && sizes.has(key)) reconcile();
    operations.read(value !== undefined, key);
    return value;
  });
  overlay.lay('set', function set(this: LruCacheLike<K, V>, key: K, value: V, options?: object): unknown {
    const victim = cache.size === cache.max && !sizes.has(key) ? cache.rkeys().next().value : undefined;
    const result = bareSet.call(cache, key, value, options);
    if (victim !== undefined && !cache.has(victim)) {
      forget(victim);
      operations.evicted(1);
    }
    remember(key, value);
    operations.evicted(reconcile());
    operations.put(totalBytes);
    return result;
  });
  for (const name of ['delete', 'clear', 'pop', 'purgeStale', 'load']) {
    layShrinking(overlay, cache, name, () => {
      reconcile();
      operations.shrink(totalBytes);
    });
  }
  for (const name of ['fetch', 'forceFetch', 'memo']) layReading(overlay, cache, name, operations);

  return {
    kind: 'lru-cache',
    bytes: () => totalBytes,
    entries: () => cache.size,
    drop(bytes, floorBytes, sliceEndUs) {
      const targetBytes = Math.max(floorBytes, totalBytes - bytes);
      let dropped = 0;
      while (totalBytes > targetBytes && cache.size > 0) {
        const victim = cache.rkeys().next();
        if (victim.done) break;
        if (totalBytes - (sizes.get(victim.value) ?? 0) < floorBytes) break;
        barePop.call(cache);
        if (cache.has(victim.value)) reconcile();
        else {
          forget(victim.value);
          operations.dropped(victim.value);
        }
        if (++dropped % ENTRIES_PER_LOOK === 0 && monotonicUs() >= sliceEndUs) break;
      }
      return undefined;
    },
    detach: () => overlay.lift(),
  };
}

/** The keys that `pop` takes next, at most `count` of them. Stale entries are not listed, though it may take them. */
function nextVictims<K, V>(cache: LruCacheLike<K, V>, count: number): K[] {
  const keys: K[] = [];
  const iterator = cache.rkeys();
  for (let next = iterator.next(); keys.length < count && next.done !== true; next = iterator.next())
    keys.push(next.value);
  return keys;
}

function nextVictimBytes<K, V>(cache: LruCacheLike<K, V>): number {
  const victim = cache.rkeys().next();
  if (victim.done || !('info' in cache) || typeof cache.info !== 'function') return 0;
  const info: unknown = cache.info(victim.value);
  return typeof info === 'object' && info !== null && 'size' in info && typeof info.size === 'number' ? info.size : 0;
}

/** Lays a call-through over a method that may take entries away; methods that this version lacks are passed over. */
function layShrinking<T extends object>(overlay: Overlay<T>, cache: T, name: string, after: () => void): void {
  const bare: unknown = Reflect.get(cache, name);
  if (typeof bare !== 'function') return;
  overlay.lay(name, function shrinking(this: T, ...args: unknown[]) {
    const result: unknown = Reflect.apply(bare as Method, cache, args);
    after();
    return result;
  });
}

/** Lays a call-through over a method that reads and, on a miss, lets the cache rebuild the entry. */
function layReading<K, V>(
  overlay: Overlay<LruCacheLike<K, V>>,
  cache: LruCacheLike<K, V>,
  name: string,
  operations: Operations,
): void {
  const bare: unknown = Reflect.get(cache, name);
  if (typeof bare !== 'function') return;
  overlay.lay(name, function reading(this: LruCacheLike<K, V>, ...args: unknown[]) {
    const key = args[0];
    const hit = cache.peek(key as K) !== undefined;
    const result: unknown = Reflect.apply(bare as Method, cache, args);
    operations.read(hit, key);
    return result;
  });
}
