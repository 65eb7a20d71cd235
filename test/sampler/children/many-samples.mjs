/**
 * Takes 100 000 samples of the real sources as fast as they come, in this thread where everything can be counted, and some thousand through the
 * control calls of a runtime. Prints what was held before and after, and what the process was warned of.
 */
import { readdirSync } from 'node:fs';
import { startPressureRuntime } from '#src/index.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { startSampling } from '#src/sampler/site.js';
import { sampleNow } from '#src/testing.js';

const SAMPLES = 100_000;
const CALLS = 5_000;
const CALLS_AT_ONCE = 50;

const warnings = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

/** Counts once what was begun in this turn of the loop is over. */
async function holdings() {
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    resources: process.getActiveResourcesInfo().sort().join(),
    listeners: process
      .eventNames()
      .map((event) => `${String(event)}:${process.listenerCount(event)}`)
      .join(),
    heapBytes: process.memoryUsage().heapUsed,
  };
}

const pressure = await startPressureRuntime({ updateIntervalMs: 60_000 });
const { settings } = resolveOptions({ updateIntervalMs: 60_000 }, {});
const site = await startSampling(createPage(), { settings, injected: [], ownThread: true, post: () => undefined });

async function call(count) {
  for (let done = 0; done < count; done += CALLS_AT_ONCE)
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, () => sampleNow(pressure)));
}
async function sample(count) {
  for (let done = 0; done < count; done++) await site.control.sampleNow();
}

await call(500);
await sample(5_000);
const before = await holdings();
await call(CALLS);
await sample(SAMPLES);
const after = await holdings();
await site.control.stop();
await pressure.stop();
console.log(JSON.stringify({ before, after, warnings }));
