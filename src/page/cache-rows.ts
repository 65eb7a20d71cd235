import { SpillwayError } from '../core/errors.js';
import { CACHE, CACHE_ROWS, CACHE_WORDS, cacheOffset, HEADER, NAME_BYTES, THREAD, threadOffset } from './layout.js';
import { raiseRowsUsed } from './page.js';
import { liveThreadRows, type ThreadClaim } from './thread-rows.js';
import { loadTracked, loadWide, storeWide } from './wide.js';

/** What a cache's row says about it from registration on. Bytes; `maxBytes` and `rebuildUs` are -1 where there is none. */
export interface CacheDescription {
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rebuildUs: number;
}

/** Counters since registration; they only grow. `regrets`: misses on keys that pressure had evicted. */
export interface CacheCounters {
  hits: number;
  misses: number;
  puts: number;
  pressureEvictions: number;
  ownEvictions: number;
  regrets: number;
}

/** A cache as every thread can see it. */
export interface CacheRow extends CacheDescription {
  readonly row: number;
  readonly threadRow: number;
  readonly owner: number;
  readonly bytes: number;
  readonly quarantined: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 length of a cache name; at most `NAME_BYTES` fit. Pure. */
export function nameByteLength(name: string): number {
  return encoder.encode(name).length;
}

/**
 * Claims a row for a cache of the calling thread.
 * @returns the row's index.
 * @throws SpillwayError ERR_SPILLWAY_LEDGER_FULL
 */
export function claimCache(words: Int32Array, claim: ThreadClaim, description: CacheDescription): number {
  for (let row = 0; row < CACHE_ROWS; row++) {
    const at = cacheOffset(row);
    if (Atomics.compareExchange(words, at + CACHE.OWNER, 0, -claim.generation) !== 0) continue;
    for (let word = CACHE.OWNER + 1; word < CACHE_WORDS; word++) Atomics.store(words, at + word, 0);
    Atomics.store(words, at + CACHE.THREAD, claim.row);
    Atomics.store(words, at + CACHE.PRIORITY, description.priority);
    storeWide(words, at + CACHE.MIN, description.minBytes);
    storeWide(words, at + CACHE.MAX, description.maxBytes);
    storeWide(words, at + CACHE.REBUILD_US, description.rebuildUs);
    Atomics.store(words, at + CACHE.ENTRIES, -1);
    storeName(words, at, description.name);
    raiseRowsUsed(words, HEADER.CACHE_ROWS_USED, row + 1);
    Atomics.store(words, at + CACHE.OWNER, claim.generation);
    return row;
  }
  throw new SpillwayError('ERR_SPILLWAY_LEDGER_FULL', `All ${CACHE_ROWS} cache rows of the page are taken`);
}

/** Takes the row out of every count, and keeps it: its receipt is still to be read. Owner only; `releaseCache` ends it. */
export function retireCache(words: Int32Array, row: number, generation: number): void {
  Atomics.compareExchange(words, cacheOffset(row) + CACHE.OWNER, generation, -generation);
}

/** Frees the row, retired or not, if `generation` still owns it. */
export function releaseCache(words: Int32Array, row: number, generation: number): void {
  retireCache(words, row, generation);
  Atomics.compareExchange(words, cacheOffset(row) + CACHE.OWNER, -generation, 0);
}

/** Where a cache's owner publishes what it holds, with every put: a tracked value. Partner: `loadCacheBytes`. */
export function cacheBytesIndex(row: number): number {
  return cacheOffset(row) + CACHE.BYTES;
}

/** Bytes that the cache holds now; any thread. */
export function loadCacheBytes(words: Int32Array, row: number): number {
  return loadTracked(words, cacheBytesIndex(row));
}

/** @param entries -1 where the cache cannot tell. */
export function storeCacheEntries(words: Int32Array, row: number, entries: number): void {
  Atomics.store(words, cacheOffset(row) + CACHE.ENTRIES, entries);
}

export function loadCacheEntries(words: Int32Array, row: number): number {
  return Atomics.load(words, cacheOffset(row) + CACHE.ENTRIES);
}

export function storeQuarantine(words: Int32Array, row: number, quarantined: boolean): void {
  Atomics.store(words, cacheOffset(row) + CACHE.QUARANTINED, quarantined ? 1 : 0);
}

/** Owner only. */
export function storeCacheCounters(words: Int32Array, row: number, counters: CacheCounters): void {
  const at = cacheOffset(row);
  storeWide(words, at + CACHE.HITS, counters.hits);
  storeWide(words, at + CACHE.MISSES, counters.misses);
  storeWide(words, at + CACHE.PUTS, counters.puts);
  storeWide(words, at + CACHE.PRESSURE_EVICTIONS, counters.pressureEvictions);
  storeWide(words, at + CACHE.OWN_EVICTIONS, counters.ownEvictions);
  storeWide(words, at + CACHE.REGRETS, counters.regrets);
}

export function loadCacheCounters(words: Int32Array, row: number): CacheCounters {
  const at = cacheOffset(row);
  return {
    hits: loadWide(words, at + CACHE.HITS),
    misses: loadWide(words, at + CACHE.MISSES),
    puts: loadWide(words, at + CACHE.PUTS),
    pressureEvictions: loadWide(words, at + CACHE.PRESSURE_EVICTIONS),
    ownEvictions: loadWide(words, at + CACHE.OWN_EVICTIONS),
    regrets: loadWide(words, at + CACHE.REGRETS),
  };
}

/** Rows that were ever claimed; a scan need not look further. */
export function cacheRowsUsed(words: Int32Array): number {
  return Atomics.load(words, HEADER.CACHE_ROWS_USED);
}

/** Whether the row belongs to a thread that is still there. */
export function isCacheLive(words: Int32Array, row: number): boolean {
  const at = cacheOffset(row);
  const owner = Atomics.load(words, at + CACHE.OWNER);
  if (owner <= 0) return false;
  return Atomics.load(words, threadOffset(Atomics.load(words, at + CACHE.THREAD)) + THREAD.OWNER) === owner;
}

/** Every live cache of every thread. Allocates: for rounds and reports, not for every sample. Any thread. */
export function liveCaches(words: Int32Array): CacheRow[] {
  const caches: CacheRow[] = [];
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    if (isCacheLive(words, row)) caches.push(describeCache(words, row));
  }
  return caches;
}

/** Joint bytes of every live cache; allocates nothing. Any thread. */
export function totalCacheBytes(words: Int32Array): number {
  let totalBytes = 0;
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    if (isCacheLive(words, row)) totalBytes += loadCacheBytes(words, row);
  }
  return totalBytes;
}

/** What all live caches may give, each down to its floor where floors are respected; allocates nothing. Any thread. */
export function totalEvictableBytes(
  words: Int32Array,
  respectFloors: boolean,
  threadRows: readonly number[] | null = null,
): number {
  let totalBytes = 0;
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    if (!isCacheLive(words, row)) continue;
    if (threadRows?.includes(Atomics.load(words, cacheOffset(row) + CACHE.THREAD)) === false) continue;
    const floorBytes = respectFloors ? loadWide(words, cacheOffset(row) + CACHE.MIN) : 0;
    totalBytes += Math.max(0, loadCacheBytes(words, row) - floorBytes);
  }
  return totalBytes;
}

/** Whether the thread has caches at all. Any thread. */
function hasCaches(words: Int32Array, threadRow: number): boolean {
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    if (Atomics.load(words, cacheOffset(row) + CACHE.THREAD) === threadRow && isCacheLive(words, row)) return true;
  }
  return false;
}

/** Rows of the live threads that own caches. The sampler. */
export function rowsWithCaches(words: Int32Array): number[] {
  return liveThreadRows(words).filter((row) => hasCaches(words, row));
}

/** Joint bytes of the live caches of one thread; allocates nothing. Any thread. */
export function threadCacheBytes(words: Int32Array, threadRow: number): number {
  let totalBytes = 0;
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    if (Atomics.load(words, cacheOffset(row) + CACHE.THREAD) === threadRow && isCacheLive(words, row)) {
      totalBytes += loadCacheBytes(words, row);
    }
  }
  return totalBytes;
}

function describeCache(words: Int32Array, row: number): CacheRow {
  const at = cacheOffset(row);
  return {
    row,
    owner: Atomics.load(words, at + CACHE.OWNER),
    threadRow: Atomics.load(words, at + CACHE.THREAD),
    name: loadName(words, at),
    priority: Atomics.load(words, at + CACHE.PRIORITY),
    minBytes: loadWide(words, at + CACHE.MIN),
    maxBytes: loadWide(words, at + CACHE.MAX),
    rebuildUs: loadWide(words, at + CACHE.REBUILD_US),
    bytes: loadCacheBytes(words, row),
    quarantined: Atomics.load(words, at + CACHE.QUARANTINED) === 1,
  };
}

function storeName(words: Int32Array, at: number, name: string): void {
  const bytes = encoder.encode(name).subarray(0, NAME_BYTES);
  Atomics.store(words, at + CACHE.NAME_LENGTH, bytes.length);
  for (let word = 0; word < NAME_BYTES / 4; word++) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(word * 4, word * 4 + 4);
    Atomics.store(words, at + CACHE.NAME + word, a | (b << 8) | (c << 16) | (d << 24));
  }
}

function loadName(words: Int32Array, at: number): string {
  const bytes = new Uint8Array(Atomics.load(words, at + CACHE.NAME_LENGTH));
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Atomics.load(words, at + CACHE.NAME + (index >> 2)) >> ((index & 3) * 8);
  }
  return decoder.decode(bytes);
}
