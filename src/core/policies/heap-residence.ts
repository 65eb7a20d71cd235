import type { PolicyInput } from '../eviction-policy.js';
import { MIB } from '../units.js';

/** Smaller caches tell nothing of where they are: of the heap's limit, and of a large one no more than so much. */
const TELLING_SHARE = 0.1;
const TELLING_BYTES = 32 * MIB;

/** Less than this part of their bytes in the heap, or outside of it, and they cannot be there. */
const LEAST_THERE = 0.5;

/**
 * Whether the caches are in V8's heap, or outside of it as Buffers are. Where there is enough for them on both sides they stay where they were: others
 * allocate too. Pure; fed with every sample.
 */
export interface HeapResidence {
  /** False until it is known, and where several threads have heaps of their own. */
  next(input: Pick<PolicyInput, 'resources' | 'cacheBytes' | 'externalBytes'>): boolean;
}

export function createHeapResidence(): HeapResidence {
  let isInHeap = false;
  return {
    next({ resources, cacheBytes, externalBytes }) {
      const heap = resources.find(({ resource, known }) => resource === 'heap' && known);
      if (heap === undefined) isInHeap = false;
      else if (cacheBytes >= Math.min(TELLING_BYTES, TELLING_SHARE * heap.limitBytes)) {
        if (heap.usedBytes < LEAST_THERE * cacheBytes) isInHeap = false;
        else if (externalBytes < LEAST_THERE * cacheBytes) isInHeap = true;
      }
      return isInHeap;
    },
  };
}
