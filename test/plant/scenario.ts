import type { PressureOptions } from '#src/runtime/options.js';
import type { Pulse } from './pulse.js';

/**
 * What entries are made of, which decides where they live and what becomes of them: objects on V8's heap, Buffers from malloc's
 * arena, Buffers with pages of their own.
 */
export type Material = 'object' | 'small' | 'large';

/** A cache that would hold all of its working set if nobody asked it for anything. Bytes are declared ones. */
export interface CachePlan {
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  readonly material: Material;
  /** Resident bytes per declared byte. */
  readonly overhead: number;
  readonly workingSetBytes: number;
  readonly askedBytesPerMs: number;
  /** Hit rate = (held / working set) ^ skew: small where few entries get most of the hits. */
  readonly skew: number;
}

/** A stretch of time, ms. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** V8's own habits on one thread. */
export interface CollectorPlan {
  /** A collection begins after so many bytes of new Buffers, or once the old space grew by this factor. */
  readonly externalTriggerBytes: number;
  readonly heapGrowth: number;
  /** From its beginning until what was dead then is freed, ms. */
  readonly markMs: number;
  /** What one that is asked for takes, ms: at the least, and per MiB of live objects. */
  readonly askedMs: number;
  readonly askedMsPerMib: number;
  /** V8 aborts the process when this much of the old space is live. */
  readonly oldLimitBytes: number;
  /** Shares of freed heap pages and of freed small blocks that the process keeps for reuse. */
  readonly heapRetention: number;
  readonly arenaRetention: number;
}

export interface ThreadPlan {
  /** It registers its caches then, ms. */
  readonly startMs: number;
  readonly caches: readonly CachePlan[];
  /** Held beside the caches by its JS: once let go it is dead, not freed. */
  readonly ballast: readonly Pulse[];
  /** Buffers that die at once. */
  readonly litterBytesPerMs: number;
  /** When it neither turns its loop nor touches a cache; what rises goes on rising. */
  readonly blockages: readonly Stretch[];
  readonly collector: CollectorPlan;
}

/** A process, what surrounds it, and what happens to it. */
export interface Scenario {
  readonly seed: number;
  /** What the process is closest to dying of. */
  readonly kind: 'container' | 'machine' | 'heap';
  readonly options: PressureOptions;
  /** Null: there is no container. */
  readonly containerBytes: number | null;
  readonly machineBytes: number;
  /** Resident from the start: code, stacks, the heap of a fresh process. */
  readonly baseBytes: number;
  readonly threads: readonly ThreadPlan[];
  /** Whether the allocator can be told to give back what it keeps. */
  readonly hasAllocator: boolean;
  /** Memory of the process that V8 knows nothing of. */
  readonly native: readonly Pulse[];
  /** Other processes in the container, page cache that the kernel counts as active, the rest of the machine. */
  readonly sidecars: readonly Pulse[];
  readonly pageCache: readonly Pulse[];
  readonly neighbours: readonly Pulse[];
  /** CPU that a sample costs, ms, and when the sampler gets none. */
  readonly sampleCpuMs: number;
  readonly starvations: readonly Stretch[];
  /** When the last disturbance is over; when all must have settled; when the run ends. Ms. */
  readonly calmMs: number;
  readonly settledMs: number;
  readonly endMs: number;
}
