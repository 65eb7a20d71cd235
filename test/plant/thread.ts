import type { Engine } from '#src/caches/engine.js';
import { ThreadCaches } from '#src/caches/thread-caches.js';
import { claimThread } from '#src/page/thread-rows.js';
import { SimulatedCache } from './cache.js';
import { ThreadMemory } from './memory.js';
import { pulsesAt } from './pulse.js';
import type { Stretch, ThreadPlan } from './scenario.js';

/** A thread that fills caches as fast as its plan says. What it does about memory is the runtime's own code, over a simulated V8. */
export class SimulatedThread {
  readonly memory: ThreadMemory;
  readonly #plan: ThreadPlan;
  readonly #caches: ThreadCaches;
  readonly #simulated: SimulatedCache[] = [];
  #nowMs = 0;
  /** A collection that was asked for keeps it busy until then. */
  #busyUntilMs = 0;
  #ballastBytes = 0;

  constructor(words: Int32Array, id: number, plan: ThreadPlan, respectFloors: boolean) {
    this.#plan = plan;
    this.memory = new ThreadMemory(plan.collector);
    this.#caches = new ThreadCaches(words, claimThread(words, id, -1), {
      enabled: true,
      collectGarbage: 'auto',
      respectCacheLimits: respectFloors,
      engine: this.#engine(),
      onSizeFault: unexpected,
      onCacheFailed: unexpected,
    });
  }

  get caches(): readonly SimulatedCache[] {
    return this.#simulated;
  }

  /** What happens on this thread in the `elapsedMs` that end at `nowMs`. */
  advance(nowMs: number, elapsedMs: number): void {
    this.#nowMs = nowMs;
    this.#holdBallast(pulsesAt(this.#plan.ballast, nowMs));
    this.memory.advance(nowMs);
    const activeMs = Math.min(elapsedMs, nowMs - this.#busyUntilMs);
    if (activeMs <= 0 || nowMs < this.#plan.startMs || within(this.#plan.blockages, nowMs)) return;
    if (this.#simulated.length === 0) this.#register();
    for (const cache of this.#simulated) cache.use(activeMs);
    const litterBytes = this.#plan.litterBytesPerMs * activeMs;
    if (litterBytes === 0) return;
    this.memory.allocate('small', litterBytes);
    this.memory.drop('small', litterBytes);
  }

  close(): void {
    this.#caches.close();
  }

  #register(): void {
    for (const plan of this.#plan.caches) this.#simulated.push(new SimulatedCache(this.#caches, plan, this.memory));
  }

  #holdBallast(bytes: number): void {
    if (bytes > this.#ballastBytes) this.memory.allocate('large', bytes - this.#ballastBytes);
    else if (bytes < this.#ballastBytes) this.memory.drop('large', this.#ballastBytes - bytes);
    this.#ballastBytes = bytes;
  }

  #engine(): Engine {
    const { memory } = this;
    const nowMs = () => Math.max(this.#nowMs, this.#busyUntilMs);
    return {
      nowUs: () => nowMs() * 1e3,
      findCollect: () => () => {
        this.#busyUntilMs = nowMs() + memory.collect();
        return true;
      },
      heap: {
        promotableBytes: 0,
        readInto: (heap) => {
          heap.oldUsedBytes = Math.round(memory.oldUsedBytes);
          heap.oldLimitBytes = Math.round(this.#plan.collector.oldLimitBytes);
          heap.heapUsedBytes = heap.oldUsedBytes;
          heap.externalBytes = Math.round(memory.externalBytes);
        },
      },
    };
  }
}

function within(stretches: readonly Stretch[], atMs: number): boolean {
  for (const { startMs, endMs } of stretches) if (atMs >= startMs && atMs < endMs) return true;
  return false;
}

function unexpected(cache: string, what: string): never {
  throw new Error(`The simulated cache ${cache} misbehaved: ${what}`);
}
