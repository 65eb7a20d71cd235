// Ends while a worker that it guards loads native code, after argv[2] µs of that: by process.exit, or by ending the worker.
import { Worker } from 'node:worker_threads';
import { HEADER } from '../../../dist/src/page/layout.js';
import { createPage } from '../../../dist/src/page/page.js';
import { guardNativeLoads } from '../../../dist/src/runtime/native-loads.js';

const [delayUs, end] = process.argv.slice(2);
const words = createPage();
const loads = guardNativeLoads(words);
const steps = new Int32Array(new SharedArrayBuffer(4));
const worker = new Worker(new URL('./loads-native-code.mjs', import.meta.url), { workerData: { words, steps } });
await new Promise((resolve) => worker.once('message', resolve)); // its modules are there
Atomics.store(steps, 0, 1);
Atomics.notify(steps, 0);
while (Atomics.load(words, HEADER.NATIVE_LOAD) !== 1 && Atomics.load(steps, 0) !== 2);
const startUs = performance.now() * 1e3;
while (performance.now() * 1e3 - startUs < Number(delayUs));
if (end === 'terminate') {
  loads.end();
  await worker.terminate();
}
process.exit(3);
