// Fills a cache with 256 MiB in Buffers of 64 KiB, has half of it evicted, and prints what came back; ends by itself.
import { LRUCache } from 'lru-cache';
import { startPressureRuntime } from 'spillway';

const ENTRIES = 4096;
const ENTRY_BYTES = 64 * 1024;

const cache = new LRUCache({ max: ENTRIES });
const pressure = await startPressureRuntime({
  autoEviction: false,
  resources: { system: false, container: false, heap: false, process: { limitBytes: 4 * 2 ** 30 } },
});
pressure.register(cache, { name: 'buffers', sizeOf: (value) => value.length });
// read in an order of its own, so that what goes is scattered over what stays
for (let key = 0; key < ENTRIES; key++) cache.set(key, Buffer.allocUnsafeSlow(ENTRY_BYTES).fill(1));
for (let key = 0; key < ENTRIES; key += 2) cache.get(key);
const alive = setInterval(() => undefined, 1000); // nothing of the runtime keeps a process alive
const report = await pressure.evict((ENTRIES / 2) * ENTRY_BYTES);
const { evictedBytes, returnedBytes } = await report.settled;
console.log(JSON.stringify({ evictedBytes, returnedBytes }));
clearInterval(alive);
await pressure.stop();
