import { describe, expect, test } from 'vitest';
import { CACHE_NAMES, createCaches } from '#src/demo/caches.js';
import { generateGifs } from '#src/demo/generate-gifs.js';
import { openGif } from '#src/demo/gif-decoder.js';
import { allJobs, type Job, jobSequence } from '#src/demo/jobs.js';
import { createPipeline } from '#src/demo/pipeline.js';
import { createRandom } from '#src/demo/random.js';

const SIZE = { widthPx: 40, heightPx: 30, frameCount: 6 };
const clips = generateGifs(SIZE).map(({ name, bytes }) => openGif(name, bytes));

function label({ clip, frameA, frameB, size }: Job): string {
  return `${clip.name} ${frameA} ${frameB} ${size.widthPx}x${size.heightPx}`;
}

describe('the job sequence', () => {
  test('is the same every time, also for clips that were opened anew', () => {
    const again = generateGifs(SIZE).map(({ name, bytes }) => openGif(name, bytes));
    expect(jobSequence(again, 500).map(label)).toEqual(jobSequence(clips, 500).map(label));
  });

  test('wants a few jobs often and still visits most of them', () => {
    const wanted = new Map<string, number>();
    for (const job of jobSequence(clips, 2_000)) wanted.set(label(job), (wanted.get(label(job)) ?? 0) + 1);
    const counts = [...wanted.values()].sort((a, b) => b - a);
    const all = allJobs(clips).length;
    expect(all).toBe(5 * (5 + 4 + 3) * 3);
    expect(wanted.size).toBeGreaterThan(all * 0.9);
    expect(counts[0]).toBeGreaterThan((2_000 / all) * 5);
  });

  test('never asks for a pair beyond the end of a clip, nor for less than SSIM needs', () => {
    const [thin] = generateGifs({ widthPx: 400, heightPx: 3, frameCount: 2 });
    const jobs = allJobs([openGif('thin.gif', thin?.bytes ?? new Uint8Array(0))]);
    expect(jobs.map(({ frameA, frameB }) => [frameA, frameB])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(jobs.every(({ size }) => size.heightPx === 8 && size.widthPx >= 320)).toBe(true);
  });
});

describe('the pipeline', () => {
  test('finds the same whatever its caches lose on the way', async () => {
    const jobs = jobSequence(clips, 150);
    const undisturbed = createPipeline(await createCaches());
    const scores = jobs.map((job) => undisturbed.run(job).ssim);

    const seed = Date.now() % 2 ** 31;
    const random = createRandom(seed);
    const caches = await createCaches();
    const robbed = createPipeline(caches);
    const robbedScores = jobs.map((job) => {
      for (const name of CACHE_NAMES) for (let drops = random() * 4; drops >= 1; drops -= 1) caches[name].pop();
      return robbed.run(job).ssim;
    });
    expect(robbedScores, `seed ${seed}`).toEqual(scores);
    expect(robbed.checksum(), `seed ${seed}`).toBe(undisturbed.checksum());
    expect(robbed.counts.validation.misses).toBeGreaterThan(undisturbed.counts.validation.misses);
  });

  test('has a checksum that tells another order and other scores apart', async () => {
    const jobs = jobSequence(clips, 20);
    const checksumOf = async (sequence: Job[]): Promise<string> => {
      const pipeline = createPipeline(await createCaches());
      for (const job of sequence) pipeline.run(job);
      return pipeline.checksum();
    };
    const checksum = await checksumOf(jobs);
    expect(await checksumOf([...jobs].reverse())).not.toBe(checksum);
    expect(await checksumOf(jobs.slice(1))).not.toBe(checksum);
  });

  test('looks into the validation cache first, then the resize cache, then the frame cache', async () => {
    const caches = await createCaches();
    const pipeline = createPipeline(caches);
    const job = allJobs(clips).find(({ clip }) => clip.name === 'plasma.gif') as Job;
    pipeline.run(job);
    expect(pipeline.counts).toEqual({
      validation: { hits: 0, misses: 1 },
      resize: { hits: 0, misses: 2 },
      frame: { hits: 0, misses: 2 },
    });
    pipeline.run(job);
    expect(pipeline.counts).toMatchObject({ validation: { hits: 1, misses: 1 }, resize: { hits: 0, misses: 2 } });
    caches.validation.clear();
    pipeline.run(job);
    expect(pipeline.counts).toMatchObject({
      validation: { misses: 2 },
      resize: { hits: 2, misses: 2 },
      frame: { misses: 2 },
    });
    caches.validation.clear();
    caches.resize.clear();
    pipeline.run(job);
    expect(pipeline.counts).toMatchObject({ resize: { hits: 2, misses: 4 }, frame: { hits: 2, misses: 2 } });
  });

  test('decodes the frame that others build upon once, and keeps it', async () => {
    const caches = await createCaches();
    const pipeline = createPipeline(caches);
    const job = allJobs(clips).find(({ clip, frameA }) => clip.name === 'shapes.gif' && frameA === 2) as Job;
    pipeline.run(job);
    // Each frame of the shapes is painted over the background, which is frame 0.
    expect([...caches.frame.keys()].sort()).toEqual(['shapes.gif:0', 'shapes.gif:2', 'shapes.gif:3']);
    expect(pipeline.counts.frame).toEqual({ hits: 1, misses: 3 });
  });

  test('counts the bytes of what its caches hold', async () => {
    const caches = await createCaches();
    const pipeline = createPipeline(caches);
    const job = allJobs(clips).find(({ clip }) => clip.name === 'noise.gif') as Job;
    pipeline.run(job);
    const { widthPx, heightPx } = job.size;
    expect(caches.frame.calculatedSize).toBe(2 * 40 * 30 * 4);
    expect(caches.resize.calculatedSize).toBe(2 * widthPx * heightPx * 4);
    expect(caches.validation.calculatedSize).toBe((widthPx - 7) * (heightPx - 7) * 4);
  });
});
