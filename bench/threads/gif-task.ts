/**
 * What a thread of the GIF pool does: decodes, resizes and compares, with the three caches of the demo, which outlive the task. Protected where
 * it was handed the handle of a runtime, and otherwise exactly the same.
 */
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { CACHE_NAMES, CACHE_PRIORITIES, createCaches } from '../../src/demo/caches.js';
import type { GifFile } from '../../src/demo/generate-gifs.js';
import { openGif } from '../../src/demo/gif-decoder.js';
import { jobSequence } from '../../src/demo/jobs.js';
import { createPipeline } from '../../src/demo/pipeline.js';
import { attachPressureRuntime, type PressureHandle } from '../../src/index.js';

export interface GifThreadData {
  readonly handle: PressureHandle | null;
  readonly gifs: readonly GifFile[];
  readonly jobs: number;
}

export interface GifTask {
  /** The jobs to do, as a part of the sequence that every thread knows. */
  readonly from: number;
  readonly to: number;
}

export interface GifTaskResult {
  /** Sum over the jobs: the same whoever does them, and whatever was cached. */
  readonly ssim: number;
  /** Of all tasks of this thread so far, by `thread`. */
  readonly hits: number;
  readonly misses: number;
  readonly thread: number;
}

const { handle, gifs, jobs } = workerData as GifThreadData;
const caches = await createCaches();
if (handle !== null) {
  const pressure = attachPressureRuntime(handle);
  for (const name of CACHE_NAMES) {
    pressure.register<string, object>(caches[name], { name, priority: CACHE_PRIORITIES[name] });
  }
}
const pipeline = createPipeline(caches);
const sequence = jobSequence(
  gifs.map(({ name, bytes }) => openGif(name, bytes)),
  jobs,
);

export default function work({ from, to }: GifTask): GifTaskResult {
  let ssim = 0;
  for (const job of sequence.slice(from, to)) ssim += pipeline.run(job).ssim;
  const { validation, resize, frame } = pipeline.counts;
  return {
    ssim,
    hits: validation.hits + resize.hits + frame.hits,
    misses: validation.misses + resize.misses + frame.misses,
    thread: threadId,
  };
}
