/**
 * The process that lives or dies: a pool whose threads each keep a cache that alone would fill the limit. Arguments: threads, material,
 * `protected` or `unprotected`, tasks, `open` or `gated`. Prints one line of JSON when it has finished.
 */
import { performance } from 'node:perf_hooks';
import { Piscina } from 'piscina';
import { startPressureRuntime } from '../../src/index.js';
import { gatePiscina } from '../../src/integrations/piscina.js';
import type { Material, PoolTask, PoolTaskResult, PoolThreadData } from './pool-task.js';

/** V8's limit for each thread where the material is on its heap, MiB. */
const HEAP_MIB = 160;
const PUTS_PER_TASK = 500;

const [threads = '2', material = 'buffers', mode = 'protected', tasks = '120', gate = 'open'] = process.argv.slice(2);
const pressure = mode === 'protected' ? await startPressureRuntime() : null;
const workerData: PoolThreadData = { handle: pressure?.handle ?? null, material: material as Material };
const pool = new Piscina<PoolTask, PoolTaskResult>({
  filename: new URL('./pool-task.js', import.meta.url).href,
  minThreads: Number(threads),
  maxThreads: Number(threads),
  workerData,
  ...(material === 'objects' ? { resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } } : {}),
});
if (pressure !== null && gate === 'gated') gatePiscina(pool, pressure);

const startedMs = performance.now();
let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 20);
const runs = Array.from({ length: Number(tasks) }, (_, index) =>
  pool.run({ seed: index * 7919 + 1, puts: PUTS_PER_TASK }),
);
const results = await Promise.all(runs);
clearInterval(watch);
const sum = (pick: (result: PoolTaskResult) => number) => results.reduce((total, result) => total + pick(result), 0);
const seconds = (performance.now() - startedMs) / 1e3;
const hits = sum((result) => result.hits);
console.log(
  JSON.stringify({
    seconds,
    hitRate: hits / (hits + sum((result) => result.misses)),
    cacheMib: Math.round((pressure?.state.caches.totalBytes ?? 0) / 2 ** 20),
    peakMib: Math.round(peakBytes / 2 ** 20),
  }),
);
await pool.destroy();
await pressure?.stop();
