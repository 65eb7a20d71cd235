import type { EvictionReport } from '../core/eviction.js';
import type { EvictionPolicy, PolicyDecision, PolicyInput, WatchedResource } from '../core/eviction-policy.js';
import type { Level } from '../core/level.js';
import type { Resource } from '../core/resource.js';
import type { Settings } from '../core/settings.js';
import { cacheRowsUsed, threadCacheBytes, totalCacheBytes, totalEvictableBytes } from '../page/cache-rows.js';
import { COLLECT, emptyThreadControl, readControl, writeControl } from '../page/orders.js';
import { bumpEpoch } from '../page/page.js';
import type { SamplerMessage } from '../page/protocol.js';
import { liveThreadRows, sumCounters, sumHeldBytes, type ThreadCounters } from '../page/thread-rows.js';
import { type RoundDemand, Rounds } from './rounds.js';
import { Settlement, type UsedBytesOf } from './settlement.js';

/** What steering needs of a sample. Bytes; ms on the monotonic clock, `at` in epoch ms. */
export interface SteeringInput {
  readonly nowMs: number;
  readonly at: number;
  readonly level: Level;
  readonly cause: Resource | null;
  readonly resources: readonly WatchedResource[];
  readonly binding: WatchedResource | null;
  readonly rssBytes: number;
  readonly growthBytesPerSecond: number;
}

/** A call of `evict()` that waits for its round. */
interface Waiting {
  /** What is still to be evicted for it. */
  bytes: number;
  readonly level: Level | null;
  readonly resolve: (report: EvictionReport) => void;
}

/**
 * Turns what was sampled into rounds of eviction, caps and collections: asks the policy, starts rounds, watches them, and
 * measures their relief. Runs where the sampler runs.
 */
export class Steering {
  readonly #words: Int32Array;
  readonly #settings: Settings;
  readonly #policy: EvictionPolicy | null;
  readonly #post: (message: SamplerMessage) => void;
  readonly #rounds: Rounds;
  readonly #settlement = new Settlement();
  readonly #control = emptyThreadControl();
  /** Calls of `evict()` that no round serves yet, and those that the round under way serves. */
  readonly #waiting: Waiting[] = [];
  readonly #served: Waiting[] = [];
  #servedBytes = 0;
  #last: SteeringInput | null = null;
  /** As written on the page, null: none; undefined: whatever an earlier sampler left there. */
  /** Least that was ever resident beside the heaps. */
  #leastBesideBytes = Number.POSITIVE_INFINITY;
  #capBytes: number | null | undefined;
  #paceBytes: number | null = null;

  /** @param policy null: it is the user's own, and decides on the starting thread. */
  constructor(
    words: Int32Array,
    settings: Settings,
    policy: EvictionPolicy | null,
    post: (message: SamplerMessage) => void,
  ) {
    this.#words = words;
    this.#settings = settings;
    this.#policy = policy;
    this.#post = post;
    this.#rounds = new Rounds(words, settings.respectCacheLimits);
  }

  /** Monotonic ms at which somebody must look again, whatever the cadence says; null: nothing is pending. */
  dueMs(nowMs: number): number | null {
    return this.#rounds.active ? nowMs : this.#settlement.dueMs(nowMs);
  }

  /** Takes a sample into account. */
  steer(input: SteeringInput): void {
    this.#last = input;
    if (this.#isIdle()) return;
    this.advance(input.nowMs);
    const threads = sumCounters(this.#words);
    for (const report of this.#settlement.settle(input.nowMs, usedBytesIn(input), threads.uncollectedBytes)) {
      this.#post({ type: 'settled', report });
    }
    if (!this.#settings.autoEviction) return;
    const observed = this.#observe(input, threads);
    if (this.#policy === null) this.#post({ type: 'observation', input: observed });
    else this.follow(this.#policy.decide(observed), this.#policy.name, input.nowMs);
  }

  /** Does what a policy decided on the last sample: sets cap and pace, and starts a round where none is under way. */
  follow(decision: PolicyDecision, policy: string, nowMs: number): void {
    const input = this.#last;
    if (input === null) return;
    this.#limit(decision.capBytes, decision.paceBytes);
    if (this.#rounds.active) return;
    const { level, cause } = input;
    const collect = this.#settings.collectGarbage === 'never' ? COLLECT.never : COLLECT[decision.collect];
    if (decision.evictBytes > 0)
      this.#start({ bytes: Math.ceil(decision.evictBytes), level, cause, policy, collect }, nowMs);
    else if (collect !== COLLECT.never) this.#rounds.orderCollection(level, cause, collect);
  }

  /** Looks at the receipts of the round under way; called with every sample and whenever a thread says that it paid. */
  advance(nowMs: number): void {
    const result = this.#rounds.advance(nowMs);
    if (result === null) return;
    const { report } = result;
    this.#settlement.add(result, nowMs);
    this.#post({ type: 'eviction', report });
    if (this.#served.length > 0) for (const call of this.#waiting) call.bytes -= report.evictedBytes;
    for (const call of this.#served.splice(0)) call.resolve(report);
    this.#serveWaiting(nowMs);
  }

  /** Evicts on demand. Calls that come together are one round: the largest demand counts, not the sum. */
  evict(bytes: number, level: Level | null, nowMs: number): Promise<EvictionReport> {
    return new Promise((resolve) => {
      const call: Waiting = { bytes, level, resolve };
      if (this.#served.length > 0 && bytes <= this.#servedBytes) {
        this.#served.push(call);
        return;
      }
      this.#waiting.push(call);
      if (!this.#rounds.active) this.#serveWaiting(nowMs);
    });
  }

  /** Completes what is open: reports are settled with the usage measured last, calls end with what was done. */
  stop(nowMs: number): void {
    const result = this.#rounds.finish(nowMs);
    if (result !== null) {
      this.#settlement.add(result, nowMs);
      this.#post({ type: 'eviction', report: result.report });
    }
    for (const report of this.#settlement.flush(usedBytesIn(this.#last))) this.#post({ type: 'settled', report });
    const report = result?.report ?? this.#rounds.emptyReport(this.#last?.level ?? 'normal', this.#last?.at ?? 0);
    for (const call of [...this.#served.splice(0), ...this.#waiting.splice(0)]) call.resolve(report);
  }

  /** No thread ever had a cache, and nothing is open: there is nothing to steer, and most samples of most processes end here. */
  #isIdle(): boolean {
    return cacheRowsUsed(this.#words) === 0 && !this.#rounds.active && this.#settlement.isEmpty;
  }

  #serveWaiting(nowMs: number): void {
    const calls = this.#waiting.splice(0);
    const largest = calls.reduce<Waiting | null>(
      (most, call) => (most === null || call.bytes > most.bytes ? call : most),
      null,
    );
    if (largest === null) return;
    this.#served.push(...calls);
    this.#servedBytes = largest.bytes;
    const level = largest.level ?? this.#last?.level ?? 'normal';
    const collect = this.#settings.collectGarbage === 'never' ? COLLECT.never : COLLECT.ifDue;
    const cause = this.#last?.cause ?? null;
    this.#start({ bytes: Math.max(0, largest.bytes), level, cause, policy: 'manual', collect }, nowMs);
  }

  #start(demand: RoundDemand, nowMs: number): void {
    const input = this.#last;
    if (input === null) return;
    const { binding, rssBytes } = input;
    const gauge = { resource: binding?.resource ?? null, usedBytes: binding?.usedBytes ?? rssBytes };
    this.#rounds.start(demand, gauge, nowMs, Date.now());
    this.advance(nowMs);
  }

  #observe(input: SteeringInput, threads: ThreadCounters): PolicyInput {
    return {
      nowMs: input.nowMs,
      level: input.level,
      cause: input.cause,
      resources: input.resources,
      binding: input.binding,
      rssBytes: input.rssBytes,
      cacheBytes: totalCacheBytes(this.#words),
      evictableBytes: totalEvictableBytes(this.#words, this.#settings.respectCacheLimits),
      growthBytesPerSecond: input.growthBytesPerSecond,
      uncollectedBytes: threads.uncollectedBytes,
      evictedBytes: threads.evictedBytes,
      collections: threads.collections,
      retainedBytes: this.#retainedBytes(input.rssBytes),
      roundActive: this.#rounds.active,
    };
  }

  /** What is resident beyond the heaps and the least that was ever resident beside them (code, stacks, native memory). */
  #retainedBytes(rssBytes: number): number {
    const besideBytes = rssBytes - sumHeldBytes(this.#words);
    this.#leastBesideBytes = Math.min(this.#leastBesideBytes, Math.max(0, besideBytes));
    return Math.max(0, besideBytes - this.#leastBesideBytes);
  }

  /** Writes cap and pace into every thread's control block; the cap in proportion to what its caches hold. */
  #limit(capBytes: number | null, paceBytes: number | null): void {
    const pace = this.#settings.collectGarbage === 'never' ? null : paceBytes;
    if (capBytes === this.#capBytes && pace === this.#paceBytes && capBytes === null) return;
    this.#capBytes = capBytes;
    this.#paceBytes = pace;
    const threadRows = liveThreadRows(this.#words);
    const heldBytes = threadRows.map((row) => threadCacheBytes(this.#words, row));
    const totalBytes = heldBytes.reduce((sum, bytes) => sum + bytes, 0);
    let changed = false;
    for (const [index, row] of threadRows.entries()) {
      const held = heldBytes[index] ?? 0;
      const share = totalBytes > 0 ? held / totalBytes : 1 / threadRows.length;
      const threadCap = capBytes === null ? -1 : Math.max(0, Math.floor(held + (capBytes - totalBytes) * share));
      if (!readControl(this.#words, row, this.#control)) continue;
      if (this.#control.capBytes === threadCap && this.#control.paceBytes === (pace ?? -1)) continue;
      writeControl(this.#words, row, { ...this.#control, capBytes: threadCap, paceBytes: pace ?? -1 }, []);
      changed = true;
    }
    if (changed) bumpEpoch(this.#words);
  }
}

/** The last known use of every resource, and of the process for null. */
function usedBytesIn(input: SteeringInput | null): UsedBytesOf {
  return (resource) => {
    if (resource === null) return input?.rssBytes ?? null;
    return input?.resources.find((watched) => watched.resource === resource && watched.known)?.usedBytes ?? null;
  };
}
