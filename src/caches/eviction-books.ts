import { storeQuarantine } from '../page/cache-rows.js';
import type { Outcome } from '../page/orders.js';
import { storeThreadCounters } from '../page/thread-rows.js';
import type { CacheAccount } from './account.js';
import type { Collector } from './collection.js';

/** Failures in a row that put a cache in quarantine. Source: the design, "when things break". */
const FAILURES_TO_QUARANTINE = 3;

/** How an asked cache came out of it. Bytes; `fault` is what it threw, rejected with or claimed. */
export interface Deed {
  readonly evictedBytes: number;
  readonly entries: number;
  readonly outcome: Outcome;
  readonly fault: unknown;
}

/** What the caches of one thread gave for pressure, and which of them failed. Runs on the thread that owns the caches. */
export class EvictionBooks {
  readonly #words: Int32Array;
  readonly #threadRow: number;
  readonly #collector: Collector;
  readonly #onFailure: (account: CacheAccount, outcome: Outcome, fault: unknown) => void;
  #evictedBytes = 0;

  constructor(
    words: Int32Array,
    threadRow: number,
    collector: Collector,
    onFailure: (account: CacheAccount, outcome: Outcome, fault: unknown) => void,
  ) {
    this.#words = words;
    this.#threadRow = threadRow;
    this.#collector = collector;
    this.#onFailure = onFailure;
  }

  /** Evicted by spillway since the start, bytes. */
  get evictedBytes(): number {
    return this.#evictedBytes;
  }

  /** Counts what a cache did; three failures in a row put it in quarantine, a success takes it out. */
  book(account: CacheAccount, { evictedBytes, entries, outcome, fault }: Deed): void {
    this.#evictedBytes += evictedBytes;
    this.#collector.noteEvicted(evictedBytes);
    if (account.dropReason === 'own') account.ownEvictions += entries;
    else account.pressureEvictions += entries;
    if (outcome === 'gone') return; // its owner took it out: no failure of the cache
    account.failures = outcome === 'ok' ? 0 : account.failures + 1;
    this.#quarantine(account, account.failures >= FAILURES_TO_QUARANTINE);
    if (outcome !== 'ok') this.#onFailure(account, outcome, fault);
  }

  /** Brings the page's copy of this thread's counters up to date. */
  publish(): void {
    storeThreadCounters(this.#words, this.#threadRow, {
      collections: this.#collector.count,
      collectionUs: this.#collector.totalUs,
      evictedBytes: this.#evictedBytes,
      uncollectedBytes: this.#collector.uncollectedBytes,
    });
  }

  #quarantine(account: CacheAccount, quarantined: boolean): void {
    if (quarantined === account.quarantined) return;
    account.quarantined = quarantined;
    if (account.open) storeQuarantine(this.#words, account.row, quarantined);
  }
}
