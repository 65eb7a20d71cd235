import type { CollectorPlan, Material } from './scenario.js';

const MIB = 2 ** 20;

/** V8 does not let Buffers run this many triggers ahead of a collection under way: it finishes it on the spot. */
const MOST_TRIGGERS = 2.5;

/** The old space is collected at once when so much of its limit is used: V8 tries everything before it gives up. */
const LAST_RESORT_SHARE = 0.95;

/** Free bytes in pages of which other bytes are used. */
const STUCK_SHARE = 0.1;

interface Bytes {
  live: number;
  /** Dropped; resident until a collection. */
  dead: number;
  /** The part of the dead that the collection under way has seen. */
  marked: number;
  /** Freed; resident for reuse. */
  free: number;
}

/** The memory that one thread's JS uses: live, dead until a collection, free but kept for reuse. Bytes are resident ones. */
export class ThreadMemory {
  readonly #plan: CollectorPlan;
  readonly #object: Bytes = { live: 0, dead: 0, marked: 0, free: 0 };
  readonly #small: Bytes = { live: 0, dead: 0, marked: 0, free: 0 };
  readonly #large: Bytes = { live: 0, dead: 0, marked: 0, free: 0 };
  #newExternalBytes = 0;
  #newObjectBytes = 0;
  /** When the collection under way ends; Infinity: none is. */
  #markedAtMs = Number.POSITIVE_INFINITY;
  /** V8's own, so far. */
  ownCollections = 0;

  constructor(plan: CollectorPlan) {
    this.#plan = plan;
  }

  get residentBytes(): number {
    return residentOf(this.#object) + residentOf(this.#small) + residentOf(this.#large);
  }

  get deadBytes(): number {
    return this.#object.dead + this.#small.dead + this.#large.dead;
  }

  /** As V8 would tell them: dead ones are used too. */
  get oldUsedBytes(): number {
    return this.#object.live + this.#object.dead;
  }

  get externalBytes(): number {
    return this.#small.live + this.#small.dead + this.#large.live + this.#large.dead;
  }

  get liveObjectBytes(): number {
    return this.#object.live;
  }

  allocate(material: Material, bytes: number): void {
    const memory = this.#of(material);
    memory.live += bytes;
    memory.free = Math.max(0, memory.free - bytes);
    if (material === 'object') this.#newObjectBytes += bytes;
    else this.#newExternalBytes += bytes;
  }

  /** What was live is dead from now on. */
  drop(material: Material, bytes: number): void {
    const memory = this.#of(material);
    memory.live -= bytes;
    memory.dead += bytes;
  }

  /** V8's own collections: begins one where its triggers say so, ends the one under way. */
  advance(nowMs: number): void {
    if (this.oldUsedBytes > LAST_RESORT_SHARE * this.#plan.oldLimitBytes) {
      this.collect();
      this.ownCollections++;
      return;
    }
    const { externalTriggerBytes, heapGrowth, markMs } = this.#plan;
    if (this.#markedAtMs === Number.POSITIVE_INFINITY) {
      const objectTriggerBytes = Math.max(8 * MIB, (heapGrowth - 1) * this.#object.live);
      if (this.#newExternalBytes < externalTriggerBytes && this.#newObjectBytes < objectTriggerBytes) return;
      this.#markedAtMs = nowMs + markMs;
      this.#newExternalBytes = 0;
      this.#newObjectBytes = 0;
      for (const memory of [this.#object, this.#small, this.#large]) memory.marked = memory.dead;
    }
    if (nowMs >= this.#markedAtMs || this.#newExternalBytes > (MOST_TRIGGERS - 1) * externalTriggerBytes) {
      this.#sweep();
      this.ownCollections++;
    }
  }

  /** A full collection now. @returns what it takes, ms. */
  collect(): number {
    for (const memory of [this.#object, this.#small, this.#large]) memory.marked = memory.dead;
    this.#sweep();
    this.#newExternalBytes = 0;
    this.#newObjectBytes = 0;
    return this.#plan.askedMs + this.#plan.askedMsPerMib * (this.#object.live / MIB);
  }

  /** The allocator gives the system what it has free, all but what is in pages of which a part is used. */
  giveBack(): void {
    this.#small.free *= STUCK_SHARE;
  }

  #sweep(): void {
    this.#markedAtMs = Number.POSITIVE_INFINITY;
    free(this.#object, this.#plan.heapRetention);
    free(this.#small, this.#plan.arenaRetention);
    free(this.#large, 0);
  }

  #of(material: Material): Bytes {
    if (material === 'object') return this.#object;
    return material === 'small' ? this.#small : this.#large;
  }
}

function residentOf({ live, dead, free }: Bytes): number {
  return live + dead + free;
}

function free(memory: Bytes, retention: number): void {
  const bytes = Math.min(memory.marked, memory.dead);
  memory.dead -= bytes;
  memory.marked = 0;
  memory.free += bytes * retention;
}
