import { type HeapsView, heapGrowthPercent, V8_OWN_GROWTH } from '../core/heap-growth.js';
import { isAtLeast } from '../core/level.js';
import { createRecentLow } from '../core/recent-peak.js';
import { emptyThreadHeap, liveThreadRows, readThreadHeap, threadId } from '../page/thread-rows.js';
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
  readonly #seen = new Set<number>();
  readonly #heap = emptyThreadHeap();
  #percent = V8_OWN_GROWTH;

  constructor(words: Int32Array, set: SourceSet['setHeapGrowth']) {
    this.#words = words;
    this.#set = set;
  }

  /** To be called with every sample. @param cacheBytes of all caches. */
  adapt({ nowMs, level, resources }: Pick<SteeringInput, 'nowMs' | 'level' | 'resources'>, cacheBytes: number): void {
    const view = { ...this.#view(nowMs, resources), cacheBytes };
    const percent = isAtLeast(level, 'critical') ? V8_OWN_GROWTH : heapGrowthPercent(view);
    if (percent === this.#percent || Math.abs(percent - this.#percent) < TOLERANCE * Math.min(percent, this.#percent))
      return;
    this.#percent = percent;
    this.#set(percent);
  }

  /** V8 goes by its own again, whatever was set. */
  takeBack(): void {
    this.#percent = V8_OWN_GROWTH;
    this.#set(V8_OWN_GROWTH);
  }

  #view(nowMs: number, resources: SteeringInput['resources']): Omit<HeapsView, 'cacheBytes'> {
    const isGrown = this.#percent !== V8_OWN_GROWTH;
    const view = { threads: 0, isGrown, livingBytes: 0, externalBytes: 0, limitBytes: Number.POSITIVE_INFINITY };
    let largestBytes = 0;
    this.#seen.clear();
    for (const { resource, known, limitBytes } of resources) {
      if (known && resource !== 'heap') view.limitBytes = Math.min(view.limitBytes, limitBytes);
    }
    for (const row of liveThreadRows(this.#words)) {
      const thread = threadId(this.#words, row); // one that holds two runtimes has two rows
      if (this.#seen.has(thread) || !readThreadHeap(this.#words, row, this.#heap)) continue;
      this.#seen.add(thread);
      view.threads++;
      largestBytes = Math.max(largestBytes, this.#heap.heapUsedBytes);
      view.externalBytes += this.#heap.externalBytes;
    }
    this.#living.add(nowMs, largestBytes);
    view.livingBytes = this.#living.value(nowMs);
    return view;
  }
}
