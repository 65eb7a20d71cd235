import type { Level } from '../core/level.js';
import { RESOURCES } from '../core/resource.js';
import { isSilent } from '../core/silence.js';
import type { Health, PressureState, ResourceState } from '../core/state.js';
import { liveCaches } from '../page/cache-rows.js';
import { monotonicUs } from '../page/clock.js';
import { isStopped, samplerPlace } from '../page/page.js';
import { emptyPublishedState, type PublishedState, readLevel, readState } from '../page/state-codec.js';
import { emptyThreadHeap, readThreadHeap } from '../page/thread-rows.js';

/** The thread that started the runtime claims the first row. */
const STARTING_THREAD_ROW = 0;

/** Reads the page as frozen snapshots. Any thread; never blocks, also while the sampler is writing. */
export class StateView {
  readonly #words: Int32Array;
  /** The last consistent state, and the one being read: a torn read never replaces a good one. */
  #good: PublishedState = emptyPublishedState();
  #next: PublishedState = emptyPublishedState();
  readonly #heap = emptyThreadHeap();
  /** Epoch ms; a runtime that samples nothing is at its level since then. */
  readonly #madeMs = Date.now();

  constructor(words: Int32Array) {
    this.#words = words;
  }

  get level(): Level {
    return readLevel(this.#words);
  }

  /** What the sampler last published, numbers only; valid until the next call. */
  published(): PublishedState {
    if (readState(this.#words, this.#next)) [this.#good, this.#next] = [this.#next, this.#good];
    return this.#good;
  }

  /** @param expectSamples false: nobody is meant to be sampling, so silence is no fault. */
  snapshot(expectSamples: boolean): PressureState {
    const published = this.published();
    const nowUs = monotonicUs();
    const known = published.sampleCount > 0;
    return Object.freeze({
      level: published.level,
      since: known ? published.sinceMs : this.#madeMs,
      cause: known ? published.cause : null, // a page without a sample is all zeros
      resources: Object.freeze(resourceStates(published, nowUs)),
      process: Object.freeze(this.#processState(published)),
      caches: Object.freeze(cacheState(this.#words)),
      growthBytesPerSecond: published.growthBytesPerSecond,
      secondsToLimit: known && published.msToLimit >= 0 ? published.msToLimit / 1e3 : null,
      stall:
        known && published.stallSome >= 0
          ? Object.freeze({ some: published.stallSome, full: Math.max(0, published.stallFull) })
          : null,
      sampleCount: published.sampleCount,
      sampledAt: published.sampledAtMs,
      intervalMs: published.intervalUs / 1e3,
      health: this.#health(published, nowUs, expectSamples),
      simulated: published.simulated,
    });
  }

  #health(published: PublishedState, nowUs: number, expectSamples: boolean): Health {
    if (isStopped(this.#words)) return 'stopped';
    if (published.degraded) return 'degraded';
    if (!expectSamples) return 'ok';
    const isDown = samplerPlace(this.#words) !== 'own-thread';
    return isDown || isSilent(published.sampledUs, published.intervalUs, nowUs) ? 'degraded' : 'ok';
  }

  #processState(published: PublishedState): PressureState['process'] {
    const known = readThreadHeap(this.#words, STARTING_THREAD_ROW, this.#heap);
    return {
      rssBytes: published.rssBytes,
      heapUsedBytes: known ? this.#heap.heapUsedBytes : 0,
      externalBytes: known ? this.#heap.externalBytes : 0,
    };
  }
}

function resourceStates(published: PublishedState, nowUs: number): Record<string, ResourceState | null> {
  const states: Record<string, ResourceState | null> = {};
  for (const [code, resource] of RESOURCES.entries()) {
    const {
      known = false,
      level = 'normal',
      usedBytes = 0,
      limitBytes = 0,
      ratio = 0,
      readUs = 0,
    } = published.resources[code] ?? {};
    if (resource === 'injected' && !known) continue;
    states[resource] = known
      ? Object.freeze({
          ratio,
          usedBytes,
          limitBytes,
          level,
          ageMs: Math.max(0, nowUs - readUs) / 1e3,
        })
      : null;
  }
  return states;
}

function cacheState(words: Int32Array): PressureState['caches'] {
  const byName: Record<string, number> = {};
  let totalBytes = 0;
  for (const cache of liveCaches(words)) {
    byName[cache.name] = (byName[cache.name] ?? 0) + cache.bytes;
    totalBytes += cache.bytes;
  }
  return { totalBytes, byName: Object.freeze(byName) };
}
