import type { CacheRegistration, EvictableCache } from '#src/caches/contract.js';
import type { ThreadCaches } from '#src/caches/thread-caches.js';
import type { ThreadMemory } from './memory.js';
import type { CachePlan } from './scenario.js';

/** A cache of the simulated process, registered like anybody's. Declared bytes; whole ones. */
export class SimulatedCache implements EvictableCache {
  readonly plan: CachePlan;
  readonly #memory: ThreadMemory;
  readonly #registration: CacheRegistration;
  bytes = 0;
  /** What pressure took so far, and the furthest that it took it below its floor. */
  evictedBytes = 0;
  worstBelowFloorBytes = 0;

  constructor(caches: ThreadCaches, plan: CachePlan, memory: ThreadMemory) {
    this.plan = plan;
    this.#memory = memory;
    this.#registration = caches.register(this, { name: plan.name, priority: plan.priority, minBytes: plan.minBytes });
  }

  /** Asked for entries for `elapsedMs`: the misses bring new ones in. An operation of the cache, also where nothing was missed. */
  use(elapsedMs: number): void {
    const { workingSetBytes, askedBytesPerMs, skew, material, overhead } = this.plan;
    const missRatio = 1 - Math.min(1, this.bytes / workingSetBytes) ** skew;
    const newBytes = Math.floor(askedBytesPerMs * missRatio * elapsedMs);
    this.#memory.allocate(material, newBytes * overhead);
    this.bytes += newBytes;
    this.#registration.add(newBytes);
    this.#registration.add(0); // one of the many operations of so long a time that bring nothing new
  }

  evict(bytes: number): number {
    const before = this.bytes;
    const droppedBytes = Math.min(before, Math.ceil(bytes));
    this.#memory.drop(this.plan.material, droppedBytes * this.plan.overhead);
    this.bytes = before - droppedBytes;
    this.evictedBytes += droppedBytes;
    this.worstBelowFloorBytes = Math.max(this.worstBelowFloorBytes, Math.min(this.plan.minBytes, before) - this.bytes);
    return droppedBytes;
  }
}
