/**
 * Fills a cache without a turn of the event loop, for three seconds at least and until twice the limit was put, and prints what became of
 * it. The cache itself would hold far more: without spillway (--unprotected) the process dies of it.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { startPressureRuntime } from '#src/index.js';

const BLOCKED_MS = 3000;
const LEAST_BYTES = 2 ** 30;
const ENTRY_BYTES = 256 * 1024;

const cache = new LRUCache({ maxSize: 2 ** 34, sizeCalculation: (value) => value.length });
const pressure = process.argv.includes('--unprotected') ? null : await startPressureRuntime();
pressure?.register(cache, { name: 'frames' });
let turns = 0;
setImmediate(() => turns++);

let shrinks = 0;
let putBytes = 0;
const endMs = performance.now() + BLOCKED_MS;
for (let key = 0; performance.now() < endMs || putBytes < LEAST_BYTES; key++) {
  const value = Buffer.alloc(ENTRY_BYTES, key);
  createHash('sha256').update(value).digest(); // some work for each entry, as there would be
  const before = cache.calculatedSize;
  cache.set(key, value);
  putBytes += ENTRY_BYTES;
  if (cache.calculatedSize < before) shrinks++;
}
console.log(JSON.stringify({ turns, shrinks, putBytes, heldBytes: cache.calculatedSize }));
process.exit(0);
