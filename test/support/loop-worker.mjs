/**
 * A thread with a cache that waits, or is deep in a loop until it is told to end by a word of shared memory.
 * workerData: { handle, words, mode: 'idle' | 'using' | 'elsewhere', entries, entryBytes }.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { attachPressureRuntime } from '#src/index.js';

const { handle, words, mode, entries, entryBytes } = workerData;
const pressure = attachPressureRuntime(handle);
const cache = new Map();
pressure.register(cache, { name: mode });
for (let key = 0; key < entries; key++) cache.set(key, Buffer.alloc(entryBytes));
parentPort.on('message', () => parentPort.postMessage(cache.size));
parentPort.postMessage('ready');
if (mode !== 'idle') {
  while (Atomics.load(words, 0) === 0) if (mode === 'using') cache.get(0);
}
