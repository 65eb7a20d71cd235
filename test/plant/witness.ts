import { DEFAULT_THRESHOLDS, type Thresholds } from '#src/core/classifier.js';
import {
  decisionFault,
  type EvictionPolicy,
  type PolicyDecision,
  type PolicyInput,
} from '#src/core/eviction-policy.js';
import type { Level } from '#src/core/level.js';
import type { PolicyMaker } from '#src/core/policies/create.js';
import type { Resource } from '#src/core/resource.js';

/** A sample as the policy saw it, what it decided, and what it could not know. Bytes, ms. */
export interface Moment {
  readonly atMs: number;
  readonly level: Level;
  readonly cause: Resource | null;
  /** Of the resource that the decision is for; 0 of Infinity where none does. */
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly thresholds: Thresholds;
  readonly readMs: number;
  readonly rssBytes: number;
  readonly cacheBytes: number;
  readonly evictableBytes: number;
  readonly growthBytesPerSecond: number;
  /** Of one collection, on average. */
  readonly collectionSeconds: number;
  readonly roundActive: boolean;
  readonly decision: PolicyDecision;
  /** Dropped and not collected, in truth. */
  readonly deadBytes: number;
}

/** Stands between the sampler and the policies that it makes, and writes down what passes. */
export class Witness {
  readonly makePolicy: PolicyMaker;
  readonly #deadBytes: () => number;
  readonly #matters: Moment[][] = [];
  #fault: string | null = null;

  /** @param deadBytes what is dropped and not collected at this moment, in truth. */
  constructor(makePolicy: PolicyMaker, deadBytes: () => number) {
    this.#deadBytes = deadBytes;
    this.makePolicy = (settings) => {
      const policy = makePolicy(settings);
      if (policy === null) throw new RangeError(`Nothing to watch: the policy is ${settings.evictionPolicy}`);
      return this.#watch(policy);
    };
  }

  /** What was seen so far. */
  seen(): { matters: readonly (readonly Moment[])[]; fault: string | null } {
    return { matters: this.#matters, fault: this.#fault };
  }

  #watch(policy: EvictionPolicy): EvictionPolicy {
    const moments: Moment[] = [];
    this.#matters.push(moments);
    return {
      name: policy.name,
      decide: (input) => {
        const decision = policy.decide(input);
        this.#fault ??= decisionFault(decision);
        moments.push(momentOf(input, decision, this.#deadBytes()));
        return decision;
      },
    };
  }
}

function momentOf(input: PolicyInput, decision: PolicyDecision, deadBytes: number): Moment {
  const relieved = input.resources.find(({ resource }) => resource === decision.resource);
  const binding = relieved ?? input.binding;
  return {
    atMs: input.nowMs,
    level: input.level,
    cause: relieved?.resource ?? input.cause,
    usedBytes: binding?.usedBytes ?? 0,
    limitBytes: binding?.limitBytes ?? Number.POSITIVE_INFINITY,
    thresholds: binding?.thresholds ?? DEFAULT_THRESHOLDS,
    readMs: (binding?.readUs ?? 0) / 1e3,
    rssBytes: input.rssBytes,
    cacheBytes: input.cacheBytes,
    evictableBytes: input.evictableBytes,
    growthBytesPerSecond: input.growthBytesPerSecond,
    collectionSeconds: input.collectionSeconds,
    roundActive: input.roundActive,
    decision,
    deadBytes,
  };
}
