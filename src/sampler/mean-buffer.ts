import { cacheRowsUsed, isCacheLive, loadCacheBytes, loadCacheEntries } from '../page/cache-rows.js';

/** Caches are taken for memory outside of V8 where at least this share of what they hold can be there, and entries are not as small as objects. */
const OUTSIDE_SHARE = 0.9;
const LEAST_BUFFER_BYTES = 1024;

/**
 * What an entry takes on average, over all caches that can tell, where their entries are memory outside of V8; else 0.
 * @param cacheBytes of all caches.
 * @param externalBytes outside of V8, of all threads.
 */
export function meanBufferBytes(words: Int32Array, cacheBytes: number, externalBytes: number): number {
  if (externalBytes < OUTSIDE_SHARE * cacheBytes) return 0;
  let bytes = 0;
  let entries = 0;
  for (let row = 0; row < cacheRowsUsed(words); row++) {
    const count = isCacheLive(words, row) ? loadCacheEntries(words, row) : 0;
    if (count <= 0) continue;
    entries += count;
    bytes += loadCacheBytes(words, row);
  }
  return bytes < LEAST_BUFFER_BYTES * entries || entries === 0 ? 0 : bytes / entries;
}
