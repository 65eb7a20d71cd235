import type { Clip } from './gif-decoder.js';
import { createRandom } from './random.js';
import type { PictureSize } from './resize.js';

/** One unit of work: compare two frames of a clip, both resized to one size. */
export interface Job {
  readonly clip: Clip;
  readonly frameA: number;
  readonly frameB: number;
  readonly size: PictureSize;
}

/** Frames that far apart are compared, where a clip is long enough. */
const STRIDES = [1, 2, 3];

/** The boxes into which frames are fitted, in pixels. */
const TARGET_BOXES: readonly PictureSize[] = [
  { widthPx: 640, heightPx: 480 },
  { widthPx: 480, heightPx: 360 },
  { widthPx: 320, heightPx: 240 },
];

/** SSIM needs 8 by 8 pixels; very long pictures are stretched to that on their short side. */
const MIN_SIDE_PX = 8;

/**
 * The share of the k-th most wanted item falls with 1 / k^s. With 0.6 the sequence keeps coming back to what it had, so caches
 * matter, and still visits most of what there is.
 */
const ZIPF_EXPONENT = 0.6;

const SEED = 20;

/** Every pair of frames at every target size, in a fixed order. */
export function allJobs(clips: readonly Clip[]): Job[] {
  const jobs: Job[] = [];
  for (const clip of clips) {
    const sizes = TARGET_BOXES.map((box) => fitInto(box, clip));
    for (const stride of STRIDES) {
      for (let frameA = 0; frameA + stride < clip.frameCount; frameA += 1) {
        for (const size of sizes) jobs.push({ clip, frameA, frameB: frameA + stride, size });
      }
    }
  }
  return jobs;
}

/**
 * The sequence of the demo's jobs: `count` draws from all of them, some wanted far more often than others. The same clips and count
 * give the same sequence, always.
 */
export function jobSequence(clips: readonly Clip[], count: number): Job[] {
  const random = createRandom(SEED);
  const jobs = shuffle(allJobs(clips), random);
  const cumulative = cumulativeWeights(jobs.length);
  const total = cumulative[jobs.length - 1] ?? 0;
  return Array.from({ length: count }, () => pick(jobs, firstAtLeast(cumulative, random() * total)));
}

function fitInto(box: PictureSize, { widthPx, heightPx }: PictureSize): PictureSize {
  const scale = Math.min(box.widthPx / widthPx, box.heightPx / heightPx);
  return {
    widthPx: Math.max(MIN_SIDE_PX, Math.round(widthPx * scale)),
    heightPx: Math.max(MIN_SIDE_PX, Math.round(heightPx * scale)),
  };
}

/** Fisher-Yates, so that the wanted ones are spread over clips, frames and sizes. */
function shuffle(jobs: Job[], random: () => number): Job[] {
  for (let last = jobs.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [jobs[last], jobs[other]] = [pick(jobs, other), pick(jobs, last)];
  }
  return jobs;
}

function pick(jobs: readonly Job[], index: number): Job {
  const job = jobs[index];
  if (job === undefined) throw new RangeError(`no job ${index} among ${jobs.length}`);
  return job;
}

function cumulativeWeights(count: number): Float64Array {
  let sum = 0;
  return Float64Array.from({ length: count }, (_, rank) => {
    sum += 1 / (rank + 1) ** ZIPF_EXPONENT;
    return sum;
  });
}

/** Binary search: the first index whose cumulative weight is at least `weight`. */
function firstAtLeast(cumulative: Float64Array, weight: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) < weight) low = middle + 1;
    else high = middle;
  }
  return low;
}
