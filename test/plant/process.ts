import { setOk, setUnlimited } from '#src/core/reading.js';
import type { SourceSet } from '#src/sources/detect.js';
import { sourceOf, sourcesOf } from '../support/sources.js';
import type { SimulatedCache } from './cache.js';
import { pulsesAt } from './pulse.js';
import type { Scenario } from './scenario.js';
import { SimulatedThread } from './thread.js';

/** V8 gives up when so much of the old space's maximum is live. */
const ABORT_SHARE = 0.98;

/** What ended a process. */
export type Death = 'container' | 'machine' | 'heap';

/** A process in its container on its machine, by its bytes; all of it is a function of the scenario and the orders on the page. */
export class SimulatedProcess {
  readonly threads: readonly SimulatedThread[];
  readonly #scenario: Scenario;
  #nowMs = 0;
  death: Death | null = null;

  constructor(words: Int32Array, scenario: Scenario, respectFloors: boolean) {
    this.#scenario = scenario;
    this.threads = scenario.threads.map((plan, id) => new SimulatedThread(words, id, plan, respectFloors));
  }

  get caches(): SimulatedCache[] {
    return this.threads.flatMap((thread) => thread.caches);
  }

  /** What pressure took from the caches of each thread so far. */
  get evictedBytes(): number[] {
    return this.threads.map(({ caches }) => caches.reduce((sum, { evictedBytes }) => sum + evictedBytes, 0));
  }

  get deadBytes(): number {
    let bytes = 0;
    for (const thread of this.threads) bytes += thread.memory.deadBytes;
    return bytes;
  }

  get residentBytes(): number {
    let bytes = this.#scenario.baseBytes + pulsesAt(this.#scenario.native, this.#nowMs);
    for (const thread of this.threads) bytes += thread.memory.residentBytes;
    return bytes;
  }

  /** What cannot be reclaimed in the container, and on the machine. */
  get containerBytes(): number {
    return this.residentBytes + pulsesAt(this.#scenario.sidecars, this.#nowMs);
  }
  get machineBytes(): number {
    return this.containerBytes + pulsesAt(this.#scenario.neighbours, this.#nowMs);
  }

  /** Lives on for `elapsedMs`, until `nowMs`, and dies of whatever passes its limit. */
  advance(nowMs: number, elapsedMs: number): void {
    this.#nowMs = nowMs;
    for (const thread of this.threads) thread.advance(nowMs, elapsedMs);
    const { containerBytes, machineBytes, threads } = this.#scenario;
    if (containerBytes !== null && this.containerBytes > containerBytes) this.death = 'container';
    else if (this.machineBytes > machineBytes) this.death = 'machine';
    for (const [index, thread] of this.threads.entries()) {
      const { oldLimitBytes } = threads[index]?.collector ?? { oldLimitBytes: Number.POSITIVE_INFINITY };
      if (thread.memory.liveObjectBytes > ABORT_SHARE * oldLimitBytes) this.death = 'heap';
    }
  }

  close(): void {
    for (const thread of this.threads) thread.close();
  }

  /** What the sampler reads: as the kernel would tell it at this moment. */
  sources(): SourceSet {
    const { containerBytes, machineBytes } = this.#scenario;
    return sourcesOf({
      sources: [
        sourceOf('system', (reading) => setOk(reading, this.machineBytes, machineBytes)),
        sourceOf('container', (reading) => {
          if (containerBytes === null) setUnlimited(reading, this.containerBytes);
          else setOk(reading, Math.min(containerBytes, this.#chargedBytes()), containerBytes);
        }),
      ],
      rssBytes: () => Math.round(this.residentBytes),
      seenRssBytes: () => Math.round(this.residentBytes),
      openAllocator: () => (this.#scenario.hasAllocator ? { giveBack: () => this.#giveBack() } : null),
    });
  }

  #giveBack(): void {
    for (const { memory } of this.threads) memory.giveBack();
  }

  /** Page cache that the kernel counts as active is used, though it would be reclaimed. */
  #chargedBytes(): number {
    return this.containerBytes + pulsesAt(this.#scenario.pageCache, this.#nowMs);
  }
}
