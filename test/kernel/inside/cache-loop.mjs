/**
 * A cache that wants more than the limit, filled by one synchronous loop after another: `cache-loop.mjs [with-spillway]`. Prints a
 * line of JSON when it lived.
 */
import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { startPressureRuntime } from 'spillway';

const ENTRY_BYTES = 256 * 1024;
const TURNOVER_BYTES = 600 * 1024 * 1024;
const ENTRIES_PER_BATCH = 200;

function swappedBytes() {
  const [, kibibytes = '0'] = /^VmSwap:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return Number(kibibytes) * 1024;
}

const cache = new LRUCache({ max: 100_000 });
const pressure = process.argv[2] === 'with-spillway' ? await startPressureRuntime() : null;
pressure?.register(cache, { name: 'loop', sizeOf: (value) => value.length });

let mostSwapBytes = 0;

for (let entry = 0; entry * ENTRY_BYTES < TURNOVER_BYTES; ) {
  for (let inBatch = 0; inBatch < ENTRIES_PER_BATCH; inBatch++) cache.set(entry++, Buffer.alloc(ENTRY_BYTES, 1));
  await new Promise(setImmediate);
  mostSwapBytes = Math.max(mostSwapBytes, swappedBytes());
}
process.stdout.write(`${JSON.stringify({ entries: cache.size, mostSwapBytes })}\n`);
await pressure?.stop();
