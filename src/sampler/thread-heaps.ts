import type { EvictionPolicy } from '../core/eviction-policy.js';
import { createForecast, type Forecast } from '../core/forecast.js';
import type { PolicyMaker } from '../core/policies/create.js';
import { emptyReading, setOk, setUnavailable } from '../core/reading.js';
import type { Settings } from '../core/settings.js';
import { emptyThreadHeap, liveThreadRows, readThreadHeap, threadId } from '../page/thread-rows.js';
import { type Assessment, assess, createAssessment } from './assessment.js';

/** One thread's heap: a limit of its own, for which only its own caches pay. */
export interface ThreadHeapWatch {
  readonly threadId: number;
  /** The thread's rows: one for each runtime that it holds of this page. */
  rows: number[];
  readonly assessment: Assessment;
  readonly forecast: Forecast;
  /** Null: it is the user's own, and judges all heaps by the worst. */
  readonly policy: EvictionPolicy | null;
  /** What the policy decided last; null: none. */
  capBytes: number | null;
  paceBytes: number | null;
}

/** The heap of every thread, each judged for itself. Runs where the sampler runs. */
export class ThreadHeaps {
  readonly #words: Int32Array;
  readonly #settings: Settings;
  readonly #makePolicy: PolicyMaker;
  readonly #reading = emptyReading();
  readonly #heap = emptyThreadHeap();
  #watches = new Map<number, ThreadHeapWatch>();

  constructor(words: Int32Array, settings: Settings, makePolicy: PolicyMaker) {
    this.#makePolicy = makePolicy;
    this.#words = words;
    this.#settings = settings;
  }

  /** The heaps now. None where heaps are not watched, or there is but one: then what all share and what one has is the same. */
  update(nowUs: number, intervalUs: number): readonly ThreadHeapWatch[] {
    const { resources } = this.#settings;
    if (resources.heap === null) return [];
    const rowsByThread = new Map<number, number[]>();
    for (const row of liveThreadRows(this.#words)) {
      const id = threadId(this.#words, row);
      rowsByThread.set(id, [...(rowsByThread.get(id) ?? []), row]);
    }
    if (rowsByThread.size < 2) {
      this.#watches.clear();
      return [];
    }
    const watches = new Map<number, ThreadHeapWatch>();
    for (const [id, rows] of rowsByThread) {
      const watch = this.#watches.get(id) ?? this.#open(id, resources.heap);
      watch.rows = rows;
      this.#read(watch, nowUs, intervalUs);
      watches.set(id, watch);
    }
    this.#watches = watches;
    return [...watches.values()];
  }

  #open(id: number, thresholds: Assessment['thresholds']): ThreadHeapWatch {
    return {
      threadId: id,
      rows: [],
      assessment: createAssessment('heap', thresholds, this.#settings.enableDelta),
      forecast: createForecast(),
      policy: this.#makePolicy(this.#settings),
      capBytes: null,
      paceBytes: null,
    };
  }

  #read({ rows, assessment, forecast }: ThreadHeapWatch, nowUs: number, intervalUs: number): void {
    const [row] = rows;
    const readBeforeUs = assessment.readUs;
    const heap = this.#heap;
    const published = row !== undefined && readThreadHeap(this.#words, row, heap) && heap.oldLimitBytes > 0;
    if (published) setOk(this.#reading, heap.oldUsedBytes, heap.oldLimitBytes);
    else setUnavailable(this.#reading, 'the thread has not published its heap');
    assess(assessment, this.#reading, published ? heap.publishedUs : readBeforeUs, nowUs, intervalUs, 0);
    if (!assessment.known || assessment.readUs === readBeforeUs) return;
    const { usedBytes, limitBytes, thresholds } = assessment;
    forecast.add(assessment.readUs / 1e3, usedBytes, limitBytes, thresholds.warning * limitBytes);
  }
}
