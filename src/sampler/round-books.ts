import type { CacheEviction, EvictionReport, EvictionVerdict } from '../core/eviction.js';
import type { Level } from '../core/level.js';
import type { Resource } from '../core/resource.js';
import type { CacheRow } from '../page/cache-rows.js';
import type { CollectMode, Outcome, Receipt } from '../page/orders.js';
import { sumCounters, type ThreadCounters, threadId } from '../page/thread-rows.js';

export interface RoundDemand {
  readonly bytes: number;
  readonly level: Level;
  readonly cause: Resource | null;
  readonly policy: string;
  readonly collect: CollectMode;
  /** As `PolicyDecision` has it. */
  readonly inHeap: boolean;
  /** Thread rows whose caches pay; null: all. */
  readonly payers: readonly number[] | null;
}

/** What a cache did of what it was planned to pay; a receipt of null: it left none. */
export interface Payment {
  readonly plannedBytes: number;
  readonly receipt: Receipt | null;
  readonly outcome: Outcome;
}

/** What one round of eviction was asked for, and what has come of it so far. Runs where the sampler runs. */
export class RoundBooks {
  readonly id: number;
  readonly demand: RoundDemand;
  readonly #words: Int32Array;
  readonly #startMs: number;
  readonly #at: number;
  readonly #countersBefore: ThreadCounters;
  readonly #caches = new Map<string, CacheEviction>();
  #evictedBytes = 0;

  /** @param at wall clock of the beginning, ms since the epoch. */
  constructor(words: Int32Array, id: number, demand: RoundDemand, nowMs: number, at: number) {
    this.#words = words;
    this.id = id;
    this.demand = demand;
    this.#startMs = nowMs;
    this.#at = at;
    this.#countersBefore = sumCounters(words);
  }

  get missingBytes(): number {
    return this.demand.bytes - this.#evictedBytes;
  }

  /** A cache that failed, or gave less than it was asked for, is not asked again in the same round. */
  mayBeAsked(cache: CacheRow): boolean {
    const eviction = this.#caches.get(keyOf(cache));
    return eviction === undefined || (eviction.error === undefined && eviction.evictedBytes >= eviction.requestedBytes);
  }

  book(cache: CacheRow, { plannedBytes, receipt, outcome }: Payment): void {
    const key = keyOf(cache);
    const before = this.#caches.get(key);
    const evictedBytes = receipt?.evictedBytes ?? 0;
    this.#evictedBytes += evictedBytes;
    this.#caches.set(key, {
      name: cache.name,
      thread: threadId(this.#words, cache.threadRow),
      requestedBytes: (before?.requestedBytes ?? 0) + (receipt?.requestedBytes ?? plannedBytes),
      evictedBytes: (before?.evictedBytes ?? 0) + evictedBytes,
      entries: (before?.entries ?? 0) + (receipt?.entries ?? 0),
      durationMs: (before?.durationMs ?? 0) + (receipt?.durationUs ?? 0) / 1e3,
      ...(outcome === 'ok' ? {} : { error: outcome }),
    });
  }

  /** `returnedBytes` is null where it is still to be measured. */
  report(nowMs: number): EvictionReport {
    const { id, demand } = this;
    const threads = sumCounters(this.#words);
    return {
      id,
      level: demand.level,
      cause: demand.cause,
      policy: demand.policy,
      at: this.#at,
      durationMs: nowMs - this.#startMs,
      requestedBytes: demand.bytes,
      evictedBytes: this.#evictedBytes,
      returnedBytes: this.#evictedBytes === 0 ? 0 : null,
      verdict: verdictOf(demand.bytes, this.#evictedBytes),
      collections: Math.max(0, threads.collections - this.#countersBefore.collections),
      collectionMs: Math.max(0, threads.collectionUs - this.#countersBefore.collectionUs) / 1e3,
      caches: [...this.#caches.values()],
    };
  }
}

function verdictOf(requestedBytes: number, evictedBytes: number): EvictionVerdict {
  if (evictedBytes >= requestedBytes) return 'met';
  return evictedBytes > 0 ? 'partial' : 'nothing-to-evict';
}

function keyOf(cache: CacheRow): string {
  return `${cache.row}:${cache.owner}:${cache.name}`;
}
