/** Prints how many contexts V8 has after a collection that was asked for, and a hundred of its own, of a loop that is blocked all the while. */
import { getHeapStatistics } from 'node:v8';
import { findCollect } from '#src/caches/engine.js';
import { startPressureRuntime } from '#src/index.js';

const cache = new Map();
const pressure = await startPressureRuntime();
pressure.register(cache, { name: 'frame' });
findCollect()?.();
for (let key = 0; key < 100_000; key++) {
  cache.set(key, Buffer.alloc(64 * 1024));
  if (key >= 1000) cache.delete(key - 1000);
}
console.log(getHeapStatistics().number_of_native_contexts);
await pressure.stop();
