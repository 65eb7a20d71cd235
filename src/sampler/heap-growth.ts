import { type HeapsView, heapGrowthPercent, V8_OWN_GROWTH } from '../core/heap-growth.js';
import { isAtLeast } from '../core/level.js';
import { createRecentLow } from '../core/recent-peak.js';
import { visitHeaps } from '../page/thread-rows.js';
import type { SourceSet } from '../sources/detect.js';
import type { SteeringInput } from './matter.js';

/** What is set stays while it is not further than this from what is wanted. */
const TOLERANCE = 0.3;

/** The least that a heap held for so long is what lives in it: a collection was among that. */
const LIVING_MS = 2000;

/**
 * Has V8 collect heaps that are made of Buffers as often as the limits ask for, not as often as the size of the heap does. From `critical` on
 * V8 goes by its own. Runs where the sampler runs.
 */
export class HeapGrowth {
  readonly #words: Int32Array;
  readonly #set: SourceSet['setHeapGrowth'];
  readonly #living = createRecentLow(LIVING_MS);
  #percent = V8_OWN_GROWTH;

  constructor(words: Int32Array, set: SourceSet['setHeapGrowth']) {
    this.#words = words;
    this.#set = set;
  }

  /** To be called with every sample. @param cacheBytes of all caches. */
  adapt(input: Pick<SteeringInput, 'nowMs' | 'level' | 'resources'>, cacheBytes: number): void {
    const view = this.#view(input, cacheBytes);
    const percent = isAtLeast(input.level, 'critical') ? V8_OWN_GROWTH : heapGrowthPercent(view);
    if (percent === this.#percent || Math.abs(percent - this.#percent) < TOLERANCE * Math.min(percent, this.#percent))
      return;
    this.#percent = percent;
    this.#set(percent);
  }

  /** A sampler that died went before, and may have left a growth set. */
  resume(): void {
    this.#set(V8_OWN_GROWTH);
  }

  /** V8 goes by its own again, if it did not. */
  stop(): void {
    if (this.#percent !== V8_OWN_GROWTH) this.#set(V8_OWN_GROWTH);
    this.#percent = V8_OWN_GROWTH;
  }

  #view({ nowMs, resources }: Pick<SteeringInput, 'nowMs' | 'resources'>, cacheBytes: number): HeapsView {
    let [threads, largestBytes, externalBytes] = [0, 0, 0];
    visitHeaps(this.#words, (heap) => {
      threads++;
      largestBytes = Math.max(largestBytes, heap.heapUsedBytes);
      externalBytes += heap.externalBytes;
    });
    this.#living.add(nowMs, largestBytes);
    const livingBytes = this.#living.value(nowMs);
    const isGrown = this.#percent !== V8_OWN_GROWTH;
    let limitBytes = Number.POSITIVE_INFINITY;
    for (const { resource, known, limitBytes: itsBytes } of resources) {
      if (known && resource !== 'heap') limitBytes = Math.min(limitBytes, itsBytes);
    }
    return { threads, livingBytes, isGrown, externalBytes, cacheBytes, limitBytes };
  }
}
