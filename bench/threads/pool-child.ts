/**
 * The process that lives or dies: a pool whose threads each keep a cache that alone would fill the limit. Argument: `PoolOptions` as JSON.
 * Prints one line of JSON, `PoolOutcome`, when it has finished.
 */
import { performance } from 'node:perf_hooks';
import { Piscina } from 'piscina';
import { MIB } from '../../src/core/units.js';
import { startPressureRuntime } from '../../src/index.js';
import { gatePiscina } from '../../src/integrations/piscina.js';
import type { Material, PoolTask, PoolTaskResult, PoolThreadData } from './pool-task.js';

/** V8's limit for each thread where the material is on its heap, MiB. */
const HEAP_MIB = 160;
const PUTS_PER_TASK = 500;

export interface PoolOptions {
  readonly threads: number;
  readonly material: Material;
  /** `unprotected`: the caches grow as they like; `static`: each to its part of `staticMib`, as one would set it by hand. */
  readonly mode: 'unprotected' | 'protected' | 'static';
  readonly tasks: number;
  readonly isGated?: boolean;
  readonly staticMib?: number;
  readonly missUs?: number;
}

export interface PoolOutcome {
  readonly seconds: number;
  readonly hitRate: number;
  readonly cacheMib: number;
  readonly peakMib: number;
}

const [text = '{}'] = process.argv.slice(2);
const { threads, material, mode, tasks, isGated, staticMib = 0, missUs = 0 } = JSON.parse(text) as PoolOptions;
const pressure = mode === 'protected' ? await startPressureRuntime() : null;
const workerData: PoolThreadData = {
  handle: pressure?.handle ?? null,
  material,
  maxBytes: mode === 'static' ? (staticMib / threads) * MIB : null,
  missUs,
};
const pool = new Piscina<PoolTask, PoolTaskResult>({
  filename: new URL('./pool-task.js', import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
  workerData,
  ...(material === 'objects' ? { resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } } : {}),
});
if (pressure !== null && isGated === true) gatePiscina(pool, pressure);

const startedMs = performance.now();
let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 20);
const runs = Array.from({ length: tasks }, (_, index) => pool.run({ seed: index * 7919 + 1, puts: PUTS_PER_TASK }));
const results = await Promise.all(runs);
clearInterval(watch);
const sum = (pick: (result: PoolTaskResult) => number) => results.reduce((total, result) => total + pick(result), 0);
const seconds = (performance.now() - startedMs) / 1e3;
const hits = sum((result) => result.hits);
const outcome: PoolOutcome = {
  seconds,
  hitRate: hits / (hits + sum((result) => result.misses)),
  cacheMib: Math.round((pressure?.state.caches.totalBytes ?? 0) / MIB),
  peakMib: Math.round(peakBytes / MIB),
};
console.log(JSON.stringify(outcome));
await pool.destroy();
await pressure?.stop();
