/** Starts and stops a runtime many times, and prints what the process holds after each round. */
import { readdirSync } from 'node:fs';
import { startPressureRuntime } from '#src/index.js';
import { inject } from '#src/testing.js';

const ROUNDS = 100;

/** What a stopped runtime leaves is collected in time, but V8 would not begin to within this test. */
const COLLECT_EVERY = 5;

async function round() {
  const pressure = await startPressureRuntime({ updateIntervalMs: 20 });
  const cache = new Map();
  pressure.register(cache, { name: 'map', sizeOf: () => 10 });
  pressure.on('sample', () => undefined);
  cache.set(1, {});
  await inject(pressure, { resource: 'injected', usedBytes: 75, limitBytes: 100 });
  await pressure.evict(5);
  await pressure.stop();
  if (Object.getOwnPropertyNames(cache).length > 0) throw new Error('a method is still laid over the cache');
}

function holdings() {
  return {
    threads: readdirSync('/proc/self/task').length,
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().sort().join(),
    listeners: process
      .eventNames()
      .map((event) => `${String(event)}:${process.listenerCount(event)}`)
      .join(),
    rssBytes: process.memoryUsage.rss(),
  };
}

for (let warmUp = 0; warmUp < 20; warmUp++) await round();
globalThis.gc();
const before = holdings();
for (let count = 0; count < ROUNDS; count++) {
  await round();
  if (count % COLLECT_EVERY === 0) globalThis.gc();
}
globalThis.gc();
console.log(JSON.stringify({ before, after: holdings() }));
