import type { EvictionRequest } from '../core/eviction.js';
import type { CacheAccount } from './account.js';
import type { EvictionBooks } from './eviction-books.js';
import type { Tracker } from './tracker.js';

/** What a cache is told when its put overflowed the cap. */
const OVERFLOW: EvictionRequest = { level: 'normal', cause: null, round: 0, signal: new AbortController().signal };

/**
 * Under a lasting cap every cache keeps this share of it, whatever its priority: one that goes first would else stay empty for good, and
 * small things that are dear to rebuild with it.
 */
const LEAST_SHARE = 0.02;

/**
 * A put that overflows the cap makes room for those that follow: this share of the cap, which costs a fiftieth of a point of hit rate. Entry by
 * entry, asking the caches costs more than dropping. Source: bench/squeeze with 16 KiB. Where that is room for but a few entries, there is none.
 */
const AHEAD_SHARE = 1 / 256;
const LEAST_ENTRIES_AHEAD = 4;

/**
 * Keeps the caches under their cap, inside the put that took them over it. Runs on the thread that owns them; never waits: what an
 * asynchronous cache drops later is booked when it has dropped it.
 */
export class Overflow {
  readonly #tracker: Tracker;
  readonly #books: EvictionBooks;
  readonly #respectFloors: boolean;
  /** Asynchronous caches that are still at it: they are not asked again meanwhile. */
  readonly #pending = new Set<CacheAccount>();

  constructor(tracker: Tracker, books: EvictionBooks, respectFloors: boolean) {
    this.#tracker = tracker;
    this.#books = books;
    this.#respectFloors = respectFloors;
  }

  /**
   * A put took the caches over their cap, or one over its own limit. The caches that go first give what they hold beyond their
   * protected part, then the one that was put to pays itself, unless it holds next to nothing: then the largest does.
   */
  pay(putter: CacheAccount): void {
    if (putter.bytesOverLimit > 0) {
      putter.dropReason = 'own';
      this.#trim(putter, putter.bytesOverLimit, 0);
      putter.dropReason = 'pressure';
    }
    const { totalBytes, capBytes } = this.#tracker;
    if (totalBytes <= capBytes) return;
    let excessBytes = totalBytes - capBytes + aheadBytes(putter, capBytes);
    const leastBytes = LEAST_SHARE * capBytes;
    for (const account of this.#tracker.accounts) {
      if (account.priority >= putter.priority || account.quarantined) continue;
      const keepBytes = Math.max(account.protectedBytes, this.#floorOf(account), leastBytes);
      if (account.bytes <= keepBytes) continue;
      excessBytes -= this.#trim(account, Math.min(excessBytes, account.bytes - keepBytes), keepBytes);
      if (excessBytes <= 0) return;
    }
    const floorBytes = this.#floorOf(putter);
    const spareBytes = Math.max(0, putter.bytes - floorBytes);
    if (spareBytes > 0) this.#trim(putter, Math.min(excessBytes, spareBytes), floorBytes);
  }

  /** The cap was lowered below what is held, and no put may come for long: the caches that go first give. */
  yield(): void {
    let excessBytes = this.#tracker.totalBytes - this.#tracker.capBytes;
    for (const account of this.#tracker.accounts) {
      if (excessBytes <= 0) return;
      const floorBytes = this.#floorOf(account);
      if (account.quarantined || account.bytes <= floorBytes) continue;
      excessBytes -= this.#trim(account, Math.min(excessBytes, account.bytes - floorBytes), floorBytes);
    }
  }

  #floorOf(account: CacheAccount): number {
    return this.#respectFloors ? account.minBytes : 0;
  }

  #trim(account: CacheAccount, bytes: number, floorBytes: number): number {
    if (this.#pending.has(account)) return 0;
    const bytesBefore = account.bytes;
    const entriesBefore = account.adapter.entries();
    let fault: unknown;
    let threw = false;
    try {
      const answer = account.adapter.drop(bytes, floorBytes, Number.POSITIVE_INFINITY, OVERFLOW);
      if (answer instanceof Promise) this.#await(account, answer);
    } catch (thrown) {
      threw = true;
      fault = thrown;
    }
    this.#tracker.reconcile(account);
    const evictedBytes = Math.max(0, bytesBefore - account.bytes);
    const entries = entriesBefore < 0 ? 0 : Math.max(0, entriesBefore - account.adapter.entries());
    this.#books.book(account, { evictedBytes, entries, outcome: threw ? 'threw' : 'ok', fault });
    return evictedBytes;
  }

  #await(account: CacheAccount, answer: Promise<number>): void {
    this.#pending.add(account);
    const bytesBefore = account.bytes;
    const settle = (outcome: 'ok' | 'rejected', fault: unknown) => {
      this.#pending.delete(account);
      this.#tracker.reconcile(account);
      const evictedBytes = Math.max(0, bytesBefore - account.bytes);
      this.#books.book(account, { evictedBytes, entries: 0, outcome, fault });
    };
    answer.then(
      () => settle('ok', undefined),
      (fault: unknown) => settle('rejected', fault),
    );
  }
}

/** What is dropped beyond the excess, bytes. */
function aheadBytes({ bytes, adapter }: CacheAccount, capBytes: number): number {
  const room = AHEAD_SHARE * capBytes;
  return LEAST_ENTRIES_AHEAD * bytes <= room * adapter.entries() ? room : 0;
}
