import type { PolicyInput } from '../eviction-policy.js';

/** Where the caches hold less than this share of the heap's limit, nothing is learned of where they are: the heap is always as full as that. */
const TELLING_SHARE = 0.1;

/** Of caches in the heap, it holds at least this part of their bytes. */
const LEAST_IN_HEAP = 0.5;

/**
 * Whether the caches are in V8's heap, or outside of it as Buffers are. Where the heap and what is outside are both large enough for them, they stay
 * where they were: others allocate too. Pure; fed with every sample.
 */
export interface HeapResidence {
  /** False until it is known. */
  next(input: PolicyInput): boolean;
}

export function createHeapResidence(): HeapResidence {
  let isInHeap = false;
  return {
    next({ resources, cacheBytes, meanBufferBytes }) {
      const heap = resources.find(({ resource, known }) => resource === 'heap' && known);
      if (heap === undefined || cacheBytes < TELLING_SHARE * heap.limitBytes) return isInHeap;
      if (heap.usedBytes < LEAST_IN_HEAP * cacheBytes) isInHeap = false;
      else if (meanBufferBytes === 0) isInHeap = true;
      return isInHeap;
    },
  };
}
