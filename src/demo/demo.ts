import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { CACHE_NAMES, type PipelineCaches } from './caches.js';
import type { Job } from './jobs.js';
import { type CacheCount, createPipeline } from './pipeline.js';
import type { EvictionTotals, MemoryWatch } from './watch.js';

/** For this long the pipeline works in one synchronous stretch, in which no timer fires and no message arrives. */
const BATCH_MS = 2_000;

/** Between two stretches the event loop turns for so long: the live page needs several turns to be asked for and to answer. */
const PAUSE_MS = 20;

const PROGRESS_INTERVAL_MS = 1_000;

/** How far the work is; taken in the middle of a synchronous stretch. */
export interface Progress {
  readonly elapsedMs: number;
  readonly jobsDone: number;
  readonly jobCount: number;
  readonly cacheBytes: Readonly<Record<keyof PipelineCaches, number>>;
  readonly watch: MemoryWatch;
}

/** What came out in the end. */
export interface DemoResult {
  readonly elapsedMs: number;
  readonly jobCount: number;
  /** SHA-256 over all scores, in hexadecimal; the same whatever was evicted on the way. */
  readonly checksum: string;
  readonly meanSsim: number;
  readonly counts: Readonly<Record<keyof PipelineCaches, CacheCount>>;
  readonly evictions: EvictionTotals;
  /** Cache entries dropped because of pressure: in rounds, and at each put that went beyond the size held since. */
  readonly evictedEntries: number;
  /** The most that was seen to count against the limit, looked at after each job. */
  readonly peakUsedBytes: number;
  /** High-water mark of this process's resident set; it counts shared pages that a group may not be charged for. */
  readonly peakRssBytes: number;
}

/**
 * Works through the jobs in synchronous batches of two seconds, with a few turns of the event loop between them, and reports about once
 * a second from inside of the batches. Blocks the calling thread, on purpose.
 */
export async function runDemo(
  jobs: readonly Job[],
  caches: PipelineCaches,
  watch: MemoryWatch,
  report: (progress: Progress) => void,
): Promise<DemoResult> {
  const pipeline = createPipeline(caches);
  const startedAt = performance.now();
  let lastReportAt = startedAt;
  let jobsDone = 0;
  let peakUsedBytes = 0;
  let ssimSum = 0;

  function progress(now: number): Progress {
    return { elapsedMs: now - startedAt, jobsDone, jobCount: jobs.length, cacheBytes: bytesByName(caches), watch };
  }

  function runBatch(batch: Iterator<Job>): boolean {
    const endsAt = performance.now() + BATCH_MS;
    for (let job = batch.next(); job.done !== true; job = batch.next()) {
      ssimSum += pipeline.run(job.value).ssim;
      jobsDone += 1;
      peakUsedBytes = Math.max(peakUsedBytes, watch.usedBytes());
      const now = performance.now();
      if (now - lastReportAt >= PROGRESS_INTERVAL_MS) {
        lastReportAt = now;
        report(progress(now));
      }
      if (now >= endsAt) return true;
    }
    return false;
  }

  const sequence = jobs.values();
  while (runBatch(sequence)) await pause(PAUSE_MS);
  const elapsedMs = performance.now() - startedAt;
  report(progress(performance.now()));
  const evictedEntries = watch.evictedEntries();
  await watch.stop();
  return {
    elapsedMs,
    jobCount: jobs.length,
    checksum: pipeline.checksum(),
    meanSsim: ssimSum / jobs.length,
    counts: pipeline.counts,
    evictions: watch.totals(),
    evictedEntries,
    peakUsedBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function bytesByName(caches: PipelineCaches): Record<keyof PipelineCaches, number> {
  const bytes = { validation: 0, resize: 0, frame: 0 };
  for (const name of CACHE_NAMES) bytes[name] = caches[name].calculatedSize;
  return bytes;
}
