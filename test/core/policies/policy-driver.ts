import { classify, DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS, type Thresholds } from '#src/core/classifier.js';
import type { EvictionPolicy, PolicyDecision, PolicyInput, WatchedResource } from '#src/core/eviction-policy.js';
import type { Level } from '#src/core/level.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';

/** What a sample of the driven process differs in from the one before. Bytes; `used` maps resources to their usage. */
export interface Change {
  readonly usedBytes?: number;
  readonly rssBytes?: number;
  readonly cacheBytes?: number;
  readonly evictableBytes?: number;
  readonly threads?: number;
  readonly meanBufferBytes?: number;
  readonly externalBytes?: number;
  readonly growthBytesPerSecond?: number;
  readonly uncollectedBytes?: number;
  readonly evictedBytes?: number;
  readonly collections?: number;
  readonly collectionSeconds?: number;
  readonly retainedBytes?: number;
  readonly returnableBytes?: number;
  readonly roundActive?: boolean;
  /** Use of V8's heap, beside the resource that is driven; 0: it is not watched. Its limit is that of the resource. */
  readonly heapUsedBytes?: number;
  /** Where the reading is older than the sample. */
  readonly readMs?: number;
}

/** Feeds a policy one sample after another, as the sampler would, for a process with one limit. */
export class PolicyDriver {
  readonly #policy: EvictionPolicy;
  readonly #resource: Resource;
  readonly #limitBytes: number;
  readonly #thresholds: Thresholds;
  #level: Level = 'normal';
  #nowMs = 0;
  #state: Required<Omit<Change, 'readMs' | 'evictableBytes'>> & { evictableBytes: number | null } = {
    usedBytes: 0,
    rssBytes: 0,
    cacheBytes: 0,
    evictableBytes: null,
    meanBufferBytes: 0,
    externalBytes: 0,
    threads: 1,
    growthBytesPerSecond: 0,
    uncollectedBytes: 0,
    evictedBytes: 0,
    collections: 0,
    collectionSeconds: 0,
    retainedBytes: 0,
    returnableBytes: 0,
    roundActive: false,
    heapUsedBytes: 0,
  };

  constructor(
    policy: EvictionPolicy,
    resource: Resource = 'container',
    limitBytes = 1000 * MIB,
    thresholds = DEFAULT_THRESHOLDS,
  ) {
    this.#policy = policy;
    this.#resource = resource;
    this.#limitBytes = limitBytes;
    this.#thresholds = thresholds;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Takes a sample `elapsedMs` after the one before. */
  sample(elapsedMs: number, { readMs, ...change }: Change = {}): PolicyDecision {
    this.#nowMs += elapsedMs;
    this.#state = { ...this.#state, ...change };
    const { usedBytes, rssBytes, cacheBytes, heapUsedBytes } = this.#state;
    const ratio = usedBytes / this.#limitBytes;
    this.#level = classify(this.#level, ratio, this.#thresholds, DEFAULT_ENABLE_DELTA);
    const watched: WatchedResource = {
      resource: this.#resource,
      known: true,
      readUs: (readMs ?? this.#nowMs) * 1e3,
      usedBytes,
      limitBytes: this.#limitBytes,
      thresholds: this.#thresholds,
      enableDelta: DEFAULT_ENABLE_DELTA,
    };
    const input: PolicyInput = {
      ...this.#state,
      nowMs: this.#nowMs,
      level: this.#level,
      cause: this.#level === 'normal' ? null : this.#resource,
      resources:
        heapUsedBytes === 0 ? [watched] : [watched, { ...watched, resource: 'heap', usedBytes: heapUsedBytes }],
      binding: watched,
      rssBytes: rssBytes === 0 ? usedBytes : rssBytes,
      evictableBytes: this.#state.evictableBytes ?? cacheBytes,
    };
    return this.#policy.decide(input);
  }

  /** Samples every `everyMs` for `forMs` without a change. @returns the decisions. */
  hold(forMs: number, everyMs = 50): PolicyDecision[] {
    return Array.from({ length: Math.round(forMs / everyMs) }, () => this.sample(everyMs));
  }
}
