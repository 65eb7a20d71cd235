import { type EvictionReport, emptyReport } from '../core/eviction.js';
import type { EvictionPolicy, PolicyDecision, PolicyInput, WatchedResource } from '../core/eviction-policy.js';
import type { Level } from '../core/level.js';
import type { PolicyMaker } from '../core/policies/create.js';
import { withRefill } from '../core/refill.js';
import { createRegrowth } from '../core/regrowth.js';
import type { Settings } from '../core/settings.js';
import { cacheRowsUsed, threadCacheBytes, totalCacheBytes, totalEvictableBytes } from '../page/cache-rows.js';
import { COLLECT } from '../page/orders.js';
import { nextRoundId } from '../page/page.js';
import type { SamplerMessage } from '../page/protocol.js';
import { liveThreadRows, sumCounters, sumExternalBytes } from '../page/thread-rows.js';
import type { SourceSet } from '../sources/detect.js';
import { markEvicted } from './collection-mark.js';
import { EvictCalls } from './evict-calls.js';
import type { FreePages } from './free-pages.js';
import { HeapGrowth } from './heap-growth.js';
import { gaugeOf, type Matter, mattersOf, relieving, type SteeringInput, sharedPart, worstOf } from './matter.js';
import { meanBufferBytes } from './mean-buffer.js';
import type { RoundDemand } from './round-books.js';
import { type Gauge, type RoundResult, Rounds } from './rounds.js';
import { Settlement, type UsedOf } from './settlement.js';
import { ThreadHeaps, type ThreadHeapWatch } from './thread-heaps.js';
import { ThreadLimits } from './thread-limits.js';

/** What a collection found dead is freed within this time, though V8 does not tell an idle thread so. */
const FREED_MS = 40;

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
  readonly #regrowth = createRegrowth();
  readonly #calls = new EvictCalls();
  /** What all caches held when the last sample began; as of that, what all heaps hold outside of V8, and what an entry takes there on average. */
  #cacheBytes = 0;
  #externalBytes = 0;
  #meanBufferBytes = 0;
  #last: SteeringInput | null = null;
  readonly #freePages: FreePages;
  /** Pages were given back after the last reading. */
  #gaveBack = false;
  readonly #limits: ThreadLimits;
  readonly #threadHeaps: ThreadHeaps;
  /** Null: V8 goes by its own. */
  readonly #heapGrowth: HeapGrowth | null;
  /** The heaps of the last sample; none with one thread. */
  #heaps: readonly ThreadHeapWatch[] = [];

  /** @param makePolicy called for what all threads share, and for the heap of each. */
  constructor(
    words: Int32Array,
    settings: Settings,
    makePolicy: PolicyMaker,
    freePages: FreePages,
    setHeapGrowth: SourceSet['setHeapGrowth'],
    post: (message: SamplerMessage) => void,
  ) {
    this.#words = words;
    this.#freePages = freePages;
    this.#settings = settings;
    this.#policy = makePolicy(settings);
    this.#post = post;
    this.#threadHeaps = new ThreadHeaps(words, settings, makePolicy);
    this.#rounds = new Rounds(words, settings.respectCacheLimits);
    this.#heapGrowth = settings.setsHeapGrowth ? new HeapGrowth(words, setHeapGrowth) : null;
    this.#limits = new ThreadLimits(words, settings, this.#rounds);
  }

  /** Monotonic ms at which somebody must look again, whatever the cadence says; null: nothing is pending. */
  dueMs(nowMs: number): number | null {
    return this.#rounds.active ? nowMs : this.lookDueMs(nowMs);
  }

  /** Monotonic ms at which a look is due: at pages that were given back, at what a round dropped, or at caches that may grow again; null: none is. */
  lookDueMs(nowMs: number): number | null {
    return this.#gaveBack ? nowMs : earlier(this.#settlement.dueMs(nowMs), this.#regrowth.dueMs(nowMs));
  }

  /** Whether a sample now is such a look: it must read afresh. */
  isLookDue(nowMs: number): boolean {
    return this.#gaveBack || this.#settlement.isLookDue(nowMs) || this.#regrowth.isLookDue(nowMs);
  }

  /** A sampler that died went before. */
  resume(): void {
    this.#heapGrowth?.resume();
  }

  /** Counts what the caches hold. To be called before usage is read: what is put in between would look like room. */
  beforeSample(): void {
    this.#gaveBack = false;
    this.#cacheBytes = totalCacheBytes(this.#words);
  }

  /** Takes a sample into account. */
  steer(input: SteeringInput): void {
    this.#last = input;
    if (this.#isIdle()) return;
    this.#freePages.update(input.nowMs, input.rssBytes);
    this.#externalBytes = sumExternalBytes(this.#words);
    this.#meanBufferBytes = meanBufferBytes(this.#words, this.#cacheBytes, this.#externalBytes);
    this.advance(input.nowMs);
    const { autoEviction } = this.#settings;
    if (autoEviction) this.#regrowth.add(input.nowMs, input.level);
    if (autoEviction) this.#heaps = this.#threadHeaps.update(input.nowMs * 1e3, input.intervalUs);
    const settled = this.#settlement.settle(input.nowMs, this.#usedIn(input));
    for (const report of settled) this.#post({ type: 'settled', report });
    if (autoEviction) this.#decide(input);
    this.#heapGrowth?.adapt(input, this.#cacheBytes);
    this.#gaveBack = this.#giveBack(input);
  }

  #decide(input: SteeringInput): void {
    if (this.#policy === null) this.#post({ type: 'observation', input: this.#observe({ input, heap: null }) });
    else {
      for (const matter of mattersOf(input, this.#heaps)) {
        const policy = matter.heap?.policy ?? this.#policy;
        this.#carryOut(policy.decide(this.#observe(matter)), policy.name, matter);
      }
      this.#limits.write(input.nowMs, this.#heaps);
    }
  }

  /** @returns whether pages were given back, so that usage must be read again. */
  #giveBack(input: SteeringInput): boolean {
    const { nowMs, level, binding: watched, growthBytesPerSecond } = sharedPart(input);
    const droppedBytes = this.#settlement.collectedBytes(nowMs);
    if (droppedBytes === 0 && !this.#settings.autoEviction) return false;
    const gone = { droppedBytes, meanBufferBytes: this.#meanBufferBytes };
    const cause = this.#freePages.findReason({ nowMs, level, watched, growthBytesPerSecond, ...gone });
    if (this.#freePages.hasFallen) this.#collectAfterFall(level);
    return (
      cause !== null &&
      this.#freePages.giveBack(nowMs, cause, droppedBytes, this.#settlement.collectedBytes(nowMs, FREED_MS))
    );
  }

  /** Others let go of memory: more of it is dead, and V8 is in no hurry where little is new. */
  #collectAfterFall(level: Level): void {
    if (this.#settings.collectGarbage === 'never' || this.#rounds.active) return;
    this.#rounds.orderCollection(level, null, COLLECT.ifDue, null);
  }

  /** Does what a policy decided on the last sample: sets cap and pace, and starts a round where none is under way. */
  follow(decision: PolicyDecision, policy: string, nowMs: number): void {
    const input = this.#last;
    if (input === null) return;
    const heap = input.cause === 'heap' ? worstOf(this.#heaps) : null;
    this.#carryOut(decision, policy, { input: { ...input, nowMs }, heap });
    this.#limits.write(nowMs, this.#heaps);
  }

  #carryOut(decision: PolicyDecision, policy: string, decidedOn: Matter): void {
    const { capBytes, paceBytes, evictBytes, resource, inHeap = false } = decision;
    const matter = resource === undefined ? decidedOn : relieving(decidedOn, resource);
    const limits = matter.heap ?? this.#limits.joint;
    limits.capBytes = capBytes;
    limits.paceBytes = paceBytes;
    if (this.#rounds.active) return;
    const { level, cause, nowMs } = matter.input;
    const payers = matter.heap?.rows ?? null;
    const collect = this.#settings.collectGarbage === 'never' ? COLLECT.never : COLLECT[decision.collect];
    if (evictBytes > 0) {
      if (matter.heap === null) this.#limits.gives(nowMs);
      const bytes = Math.ceil(evictBytes);
      this.#start({ bytes, level, cause, policy, collect, inHeap, payers }, gaugeOf(matter), nowMs);
    } else if (collect !== COLLECT.never) this.#rounds.orderCollection(level, cause, collect, payers);
  }

  /** Looks at the receipts of the round under way; called with every sample and whenever a thread says that it paid. */
  advance(nowMs: number): void {
    const result = this.#rounds.advance(nowMs);
    if (result === null) return;
    const { report } = result;
    this.#end(result, nowMs);
    this.#calls.end(report);
    this.#serveCalls(nowMs);
  }

  /** Evicts on demand. */
  evict(bytes: number, level: Level | null, nowMs: number): Promise<EvictionReport> {
    const report = this.#calls.add(bytes, level);
    if (!this.#rounds.active) this.#serveCalls(nowMs);
    return report;
  }

  /** Completes what is open: reports are settled with the usage measured last, calls end with what was done. */
  stop(nowMs: number): void {
    this.#heapGrowth?.stop();
    const result = this.#rounds.finish(nowMs);
    if (result !== null) this.#end(result, nowMs);
    for (const report of this.#settlement.flush(this.#usedIn(this.#last))) this.#post({ type: 'settled', report });
    const report =
      result?.report ?? emptyReport(nextRoundId(this.#words), this.#last?.level ?? 'normal', this.#last?.at ?? 0, 0);
    this.#calls.stop(report);
  }

  /** Tells of a round that ended, and has its relief measured. */
  #end(result: RoundResult, nowMs: number): void {
    const { report } = result;
    const payers = new Set(report.caches.filter(({ evictedBytes }) => evictedBytes > 0).map(({ thread }) => thread));
    this.#settlement.add(result, nowMs, markEvicted(this.#words, payers));
    this.#post({ type: 'eviction', report });
  }

  /** No thread ever had a cache, and nothing is open: there is nothing to steer, and most samples of most processes end here. */
  #isIdle(): boolean {
    return cacheRowsUsed(this.#words) === 0 && !this.#rounds.active && this.#settlement.isEmpty;
  }

  #serveCalls(nowMs: number): void {
    const demand = this.#calls.serve();
    if (demand === null || this.#last === null) return;
    const level = demand.level ?? this.#last.level;
    const collect = this.#settings.collectGarbage === 'never' ? COLLECT.never : COLLECT.ifDue;
    const terms = { level, cause: this.#last.cause, policy: 'manual', collect, inHeap: false, payers: null };
    this.#start({ bytes: Math.max(0, demand.bytes), ...terms }, gaugeOf({ input: this.#last, heap: null }), nowMs);
  }

  #start(demand: RoundDemand, gauge: Gauge, nowMs: number): void {
    this.#rounds.start(demand, gauge, nowMs, Date.now());
    this.advance(nowMs);
  }

  #observe({ input, heap }: Matter): PolicyInput {
    const { nowMs, level, cause, resources, binding, rssBytes, growthBytesPerSecond } = input;
    const { refillBytes } = this.#freePages;
    const refilled = (watched: WatchedResource) => withRefill(watched, refillBytes, { level, rssBytes });
    const words = this.#words;
    const rows = heap?.rows ?? null;
    const threads = sumCounters(words, rows ?? liveThreadRows(words));
    return {
      nowMs,
      level,
      cause,
      resources: refillBytes === 0 ? resources : resources.map(refilled),
      binding: refillBytes === 0 || binding === null ? binding : refilled(binding),
      rssBytes,
      cacheBytes: rows === null ? this.#cacheBytes : rows.reduce((sum, row) => sum + threadCacheBytes(words, row), 0),
      evictableBytes: totalEvictableBytes(words, this.#settings.respectCacheLimits, rows),
      meanBufferBytes: rows === null ? this.#meanBufferBytes : 0,
      externalBytes: rows === null ? this.#externalBytes : 0,
      threads: rows === null ? input.threads : 1,
      growthBytesPerSecond,
      uncollectedBytes: threads.uncollectedBytes,
      evictedBytes: threads.evictedBytes,
      collections: threads.collections,
      collectionSeconds: threads.collections === 0 ? 0 : threads.collectionUs / threads.collections / 1e6,
      retainedBytes: heap === null ? this.#freePages.keptBytes : 0,
      returnableBytes: heap === null ? this.#freePages.returnableBytes : 0,
      roundActive: this.#rounds.active,
    };
  }

  /** The last known use of every resource, and of the process for null. */
  #usedIn(input: SteeringInput | null): UsedOf {
    return ({ resource, thread }) => {
      if (input === null) return null;
      if (resource === null) return { usedBytes: input.rssBytes, readMs: input.rssReadMs };
      const heap = this.#heaps.find(({ threadId }) => threadId === thread)?.assessment;
      const assessment = heap ?? input.resources.find((watched) => watched.resource === resource);
      if (assessment === undefined || !assessment.known) return null;
      return { usedBytes: assessment.usedBytes, readMs: assessment.readUs / 1e3 };
    };
  }
}

function earlier(oneMs: number | null, otherMs: number | null): number | null {
  return oneMs === null || otherMs === null ? (oneMs ?? otherMs) : Math.min(oneMs, otherMs);
}
