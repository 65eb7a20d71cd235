import type { Thresholds } from './classifier.js';
import type { Level } from './level.js';
import { isResource, type Resource } from './resource.js';

/** A resource as last read. */
export interface WatchedResource {
  readonly resource: Resource;
  /** False: there is no reading to go by, and the numbers mean nothing. */
  readonly known: boolean;
  /** When it was read, monotonic µs. */
  readonly readUs: number;
  /** As read; for a policy, with the pages that were given back to the system just now and are expected to be taken again. */
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly thresholds: Thresholds;
  readonly enableDelta: number;
}

/** What a policy sees with every sample. Bytes, milliseconds on a monotonic clock. */
export interface PolicyInput {
  readonly nowMs: number;
  readonly level: Level;
  readonly cause: Resource | null;
  /** Every resource, known or not. */
  readonly resources: readonly WatchedResource[];
  /** The one that sets the level, else the one with the least room below its warning threshold; null: nothing has a limit. */
  readonly binding: WatchedResource | null;
  readonly rssBytes: number;
  /** Joint bytes of all caches, and what they may give without falling below their floors. */
  readonly cacheBytes: number;
  readonly evictableBytes: number;
  /**
   * What an entry of the caches takes on average where entries are memory outside of V8, such as Buffers; 0: they are not, or it is unknown. Of small
   * ones, what is evicted here and there leaves few pages free.
   */
  readonly meanBufferBytes: number;
  /** Memory outside of V8 that the heaps of these threads hold on to, Buffers above all, bytes. */
  readonly externalBytes: number;
  /** Threads whose caches these are, at least 1: what is dead in each waits for a collection of that thread. */
  readonly threads: number;
  /** Of the binding resource; negative while it is being freed. */
  readonly growthBytesPerSecond: number;
  /** Bytes evicted, by all threads, since the last major collection that their thread knows of. */
  readonly uncollectedBytes: number;
  /** Bytes evicted and collections asked for, by all threads, since the start. */
  readonly evictedBytes: number;
  readonly collections: number;
  /** How long such a collection took on average, seconds; 0 while there was none. */
  readonly collectionSeconds: number;
  /** Resident bytes that nothing holds: pages that the allocators keep for reuse. An estimate, >= 0. */
  readonly retainedBytes: number;
  /**
   * The part of usage that is pages that an allocator keeps, as far as they went back the last time, or that went just now and are expected to be taken
   * again. Past `critical` they go back, beside large Buffers, within ten seconds, where there are enough to be worth the time. An estimate, >= 0.
   */
  readonly returnableBytes: number;
  /** True while a round is being carried out: a demand now would be ignored. */
  readonly roundActive: boolean;
}

/** What a policy wants done. */
export interface PolicyDecision {
  /** Bytes to evict in a round of their own; 0: no round. */
  readonly evictBytes: number;
  /**
   * Whether the threads collect after the round: never, if their duty allows it, or in any case. Where `critical` came meanwhile, a long collection
   * is left to the next round for 50 ms. `always` says that there is no time to lose: cache operations then pay for the round one slice after the
   * other, also where the loop is free.
   */
  readonly collect: 'never' | 'ifDue' | 'always';
  /** Joint bytes that the caches may hold from now on; null: no cap. */
  readonly capBytes: number | null;
  /** Collect after this many evicted bytes, within the duty; null: leave it to V8. */
  readonly paceBytes: number | null;
  /** The resource that the round is for, and measured by; by default the one that binds. */
  readonly resource?: Resource;
  /** Whether what the caches hold is in V8's heap: one that the round would leave all but empty is emptied in parts, each collected. Default false. */
  readonly inHeap?: boolean;
  /** One line for people: what was decided and by which numbers. */
  readonly reason: string;
}

/**
 * Decides how much the caches give and hold. Called with every sample, in order; may keep state of its own; must not block.
 * The built-in policies run on the sampler thread, a user's own on the thread that started the runtime.
 */
export interface EvictionPolicy {
  readonly name: string;
  decide(input: PolicyInput): PolicyDecision;
}

/** Nothing to do; the cap and the pace that are given stay in force. */
export function hold(reason: string, capBytes: number | null, paceBytes: number | null): PolicyDecision {
  return { evictBytes: 0, collect: 'never', capBytes, paceBytes, reason };
}

/**
 * What is wrong with a decision that a user's policy made; null: nothing. Bytes must be finite and >= 0. Pure.
 */
export function decisionFault(decision: unknown): string | null {
  if (typeof decision !== 'object' || decision === null) return 'it did not answer with an object';
  const { evictBytes, collect, capBytes, paceBytes, resource, inHeap }: Partial<Record<keyof PolicyDecision, unknown>> =
    decision;
  if (!isByteCount(evictBytes)) return 'evictBytes is not a number of bytes';
  if (collect !== 'never' && collect !== 'ifDue' && collect !== 'always')
    return "collect is not 'never', 'ifDue' or 'always'";
  if (capBytes !== null && !isByteCount(capBytes)) return 'capBytes is neither null nor a number of bytes';
  if (paceBytes !== null && !isByteCount(paceBytes)) return 'paceBytes is neither null nor a number of bytes';
  if (resource !== undefined && !isResource(resource)) return 'resource is not the name of one';
  if (inHeap !== undefined && typeof inHeap !== 'boolean') return 'inHeap is not a boolean';
  return null;
}

function isByteCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
