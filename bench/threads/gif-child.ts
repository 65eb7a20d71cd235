/**
 * The GIF pipeline on a pool, in a process that lives or dies. Argument: `GifPoolOptions` as JSON. Prints one line of JSON, `GifPoolOutcome`,
 * when it has finished.
 */
import { readFileSync } from 'node:fs';
import { Piscina } from 'piscina';
import { MIB } from '../../src/core/units.js';
import type { GifFile } from '../../src/demo/generate-gifs.js';
import { startPressureRuntime } from '../../src/index.js';
import type { GifTask, GifTaskResult, GifThreadData } from './gif-task.js';

export interface GifPoolOptions {
  readonly threads: number;
  readonly isProtected: boolean;
  readonly jobs: number;
  /** Made beforehand: what it takes to make them must not count against the limit. */
  readonly files: readonly string[];
}

export interface GifPoolOutcome {
  readonly seconds: number;
  readonly hitRate: number;
  readonly peakMib: number;
  /** Sum over all jobs. */
  readonly ssim: number;
}

const JOBS_PER_TASK = 10;
const WATCH_MS = 20;

const { threads, isProtected, jobs, files } = JSON.parse(process.argv[2] ?? '{}') as GifPoolOptions;
const pressure = isProtected ? await startPressureRuntime() : null;
const gifs: GifFile[] = files.map((name) => ({ name, bytes: readFileSync(name) }));
const workerData: GifThreadData = { handle: pressure?.handle ?? null, gifs, jobs };
const pool = new Piscina<GifTask, GifTaskResult>({
  filename: new URL('./gif-task.js', import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
  workerData,
});
let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, WATCH_MS);

const startedMs = performance.now();
const tasks = Array.from({ length: Math.ceil(jobs / JOBS_PER_TASK) }, (_, index) => ({
  from: index * JOBS_PER_TASK,
  to: Math.min(jobs, (index + 1) * JOBS_PER_TASK),
}));
const results = await Promise.all(tasks.map((task) => pool.run(task)));
clearInterval(watch);
const last = new Map<number, GifTaskResult>();
for (const result of results) {
  const before = last.get(result.thread);
  if (before === undefined || before.hits + before.misses < result.hits + result.misses)
    last.set(result.thread, result);
}
const counts = [...last.values()];
const hits = counts.reduce((sum, count) => sum + count.hits, 0);
const misses = counts.reduce((sum, count) => sum + count.misses, 0);
const outcome: GifPoolOutcome = {
  seconds: (performance.now() - startedMs) / 1e3,
  hitRate: hits / (hits + misses),
  peakMib: Math.round(peakBytes / MIB),
  ssim: results.reduce((sum, { ssim }) => sum + ssim, 0),
};
console.log(JSON.stringify(outcome));
await pool.destroy();
await pressure?.stop();
