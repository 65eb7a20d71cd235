/**
 * A thread with a cache of plain arrays, all of it on its own V8 heap, and ballast that no cache can give back.
 * workerData: { handle, entries }. A message: so many MiB of ballast; the answer: entries left in the cache.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { attachPressureRuntime } from '#src/index.js';

const ENTRY_BYTES = 64 * 1024;
const pressure = attachPressureRuntime(workerData.handle);
const cache = new Map();
pressure.register(cache, { name: workerData.name, sizeOf: () => ENTRY_BYTES });
const filled = new Array(ENTRY_BYTES / 8).fill(0.5);
const fill = () => filled.slice(); // filling each would allocate it twice
for (let key = 0; key < workerData.entries; key++) cache.set(key, fill());

const ballast = [];
parentPort.on('message', (mebibytes) => {
  for (let index = 0; index < mebibytes * 16; index++) ballast.push(fill());
  cache.get(0); // a thread shows its heap when it uses its caches
  parentPort.postMessage(cache.size);
});
parentPort.postMessage(cache.size);
