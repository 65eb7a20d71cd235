import { createHash } from 'node:crypto';
import type { LRUCache } from 'lru-cache';
import type { PipelineCaches } from './caches.js';
import { type Comparison, compare } from './compare.js';
import type { Clip } from './gif-decoder.js';
import type { Job } from './jobs.js';
import { createResize, type PictureSize } from './resize.js';

/** How often a cache had what was wanted, and how often not. */
export interface CacheCount {
  hits: number;
  misses: number;
}

/**
 * The work: decode, resize, compare, each looked up in its cache first. Everything is synchronous. What the caches hold changes how
 * long a job takes and never what it finds.
 */
export interface Pipeline {
  run(job: Job): Comparison;
  readonly counts: Readonly<Record<keyof PipelineCaches, CacheCount>>;
  /** SHA-256 over the scores of all jobs so far, in order, in hexadecimal. */
  checksum(): string;
}

export function createPipeline(caches: PipelineCaches): Pipeline {
  const resize = createResize();
  const hash = createHash('sha256');
  const counts = {
    validation: { hits: 0, misses: 0 },
    resize: { hits: 0, misses: 0 },
    frame: { hits: 0, misses: 0 },
  };

  function lookUp<Value extends object>(
    cache: LRUCache<string, Value>,
    count: CacheCount,
    key: string,
  ): Value | undefined {
    const value = cache.get(key);
    if (value === undefined) count.misses += 1;
    else count.hits += 1;
    return value;
  }

  /** Goes back to the nearest frame that is there, or that builds on none, and decodes forwards from it. */
  function decoded(clip: Clip, wanted: number): Uint8Array {
    const missing: number[] = [];
    let picture: Uint8Array | null = null;
    for (let frame: number | null = wanted; frame !== null; frame = clip.baseOf(frame)) {
      picture = lookUp(caches.frame, counts.frame, frameKey(clip, frame)) ?? null;
      if (picture !== null) break;
      missing.push(frame);
    }
    for (const frame of missing.reverse()) {
      picture = clip.decodeFrame(frame, picture);
      caches.frame.set(frameKey(clip, frame), picture);
    }
    if (picture === null) throw new RangeError(`no frame ${wanted} in ${clip.name}`);
    return picture;
  }

  function resized(clip: Clip, frame: number, size: PictureSize): Uint8Array {
    const key = resizeKey(clip, frame, size);
    const found = lookUp(caches.resize, counts.resize, key);
    if (found !== undefined) return found;
    const picture = resize(decoded(clip, frame), clip, size);
    caches.resize.set(key, picture);
    return picture;
  }

  function compared({ clip, frameA, frameB, size }: Job): Comparison {
    const key = `${resizeKey(clip, frameA, size)}:${frameB}`;
    const found = lookUp(caches.validation, counts.validation, key);
    if (found !== undefined) return found;
    const comparison = compare(resized(clip, frameA, size), resized(clip, frameB, size), size);
    caches.validation.set(key, comparison);
    return comparison;
  }

  return {
    run(job) {
      const comparison = compared(job);
      hash.update(Float64Array.of(comparison.psnrDb, comparison.ssim, comparison.worstSsim));
      return comparison;
    },
    counts,
    checksum: () => hash.copy().digest('hex'),
  };
}

function frameKey(clip: Clip, frame: number): string {
  return `${clip.name}:${frame}`;
}

function resizeKey(clip: Clip, frame: number, { widthPx, heightPx }: PictureSize): string {
  return `${frameKey(clip, frame)}@${widthPx}x${heightPx}`;
}
