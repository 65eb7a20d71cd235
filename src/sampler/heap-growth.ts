import { type HeapsView, heapGrowthPercent, V8_OWN_GROWTH } from '../core/heap-growth.js';
import { isAtLeast } from '../core/level.js';
import { emptyThreadHeap, liveThreadRows, readThreadHeap } from '../page/thread-rows.js';
import type { SetHeapGrowth } from '../sources/v8-heap-growth.js';
import type { SteeringInput } from './matter.js';

/** What is set stays while it is not further than this from what is wanted: a heap's size includes what is dead in it, and wavers. */
const TOLERANCE = 0.3;

/**
 * Has V8 collect heaps that are made of Buffers as often as the limits ask for, not as often as the size of the heap does. From `critical` on
 * V8 goes by its own. Runs where the sampler runs.
 */
export class HeapGrowth {
  readonly #words: Int32Array;
  readonly #set: SetHeapGrowth;
  readonly #heap = emptyThreadHeap();
  #percent = V8_OWN_GROWTH;

  constructor(words: Int32Array, set: SetHeapGrowth) {
    this.#words = words;
    this.#set = set;
    set(V8_OWN_GROWTH); // a sampler that died may have left another
  }

  /** To be called with every sample. */
  adapt({ level, resources }: Pick<SteeringInput, 'level' | 'resources'>): void {
    const percent = isAtLeast(level, 'critical') ? V8_OWN_GROWTH : heapGrowthPercent(this.#view(resources));
    if (percent === this.#percent || Math.abs(percent - this.#percent) < TOLERANCE * Math.min(percent, this.#percent))
      return;
    this.#percent = percent;
    this.#set(percent);
  }

  stop(): void {
    this.#set(V8_OWN_GROWTH);
  }

  #view(resources: SteeringInput['resources']): HeapsView {
    const view = { threads: 0, largestHeapBytes: 0, externalBytes: 0, limitBytes: Number.POSITIVE_INFINITY };
    for (const { resource, known, limitBytes } of resources) {
      if (known && resource !== 'heap') view.limitBytes = Math.min(view.limitBytes, limitBytes);
    }
    for (const row of liveThreadRows(this.#words)) {
      if (!readThreadHeap(this.#words, row, this.#heap)) continue;
      view.threads++;
      view.largestHeapBytes = Math.max(view.largestHeapBytes, this.#heap.heapUsedBytes);
      view.externalBytes += this.#heap.externalBytes;
    }
    return view;
  }
}
