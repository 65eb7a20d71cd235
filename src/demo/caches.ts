import type { LRUCache } from 'lru-cache';
import { SpillwayError } from '../core/errors.js';
import { GIB } from '../core/units.js';
import type { Comparison } from './compare.js';

/** The pipeline's caches, cheapest to rebuild first. Keys are made in pipeline.ts; sizes are the bytes of the arrays that are held. */
export interface PipelineCaches {
  /** Results of comparisons with their maps: one comparison to rebuild. */
  readonly validation: LRUCache<string, Comparison>;
  /** Resized RGBA pictures: one resize to rebuild, and the frame. */
  readonly resize: LRUCache<string, Uint8Array>;
  /** Decoded RGBA frames: one decode to rebuild, and those that the frame builds upon. */
  readonly frame: LRUCache<string, Uint8Array>;
}

export const CACHE_NAMES = ['validation', 'resize', 'frame'] as const satisfies readonly (keyof PipelineCaches)[];

/** Lower is evicted first. Source: GifLab, "cache priorities". */
export const CACHE_PRIORITIES: Readonly<Record<keyof PipelineCaches, number>> = {
  validation: 10,
  resize: 20,
  frame: 30,
};

/** lru-cache wants some limit; this one is never met. The demo trusts whoever watches the memory. */
const UNREACHABLE_BYTES = 64 * GIB;

/**
 * Makes the three caches, empty.
 * @throws SpillwayError `ERR_SPILLWAY_CLI` when the optional package lru-cache is not installed.
 */
export async function createCaches(): Promise<PipelineCaches> {
  const { LRUCache } = await loadLruCache();
  const bytesOf = (picture: Uint8Array): number => picture.byteLength;
  return {
    validation: new LRUCache({ maxSize: UNREACHABLE_BYTES, sizeCalculation: ({ map }: Comparison) => map.byteLength }),
    resize: new LRUCache({ maxSize: UNREACHABLE_BYTES, sizeCalculation: bytesOf }),
    frame: new LRUCache({ maxSize: UNREACHABLE_BYTES, sizeCalculation: bytesOf }),
  };
}

async function loadLruCache(): Promise<typeof import('lru-cache')> {
  try {
    return await import('lru-cache');
  } catch (error) {
    throw new SpillwayError('ERR_SPILLWAY_CLI', 'The demo needs the package lru-cache: npm install lru-cache', {
      cause: error,
    });
  }
}
