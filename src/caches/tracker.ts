import { MIB } from '../core/units.js';
import { releaseCache, retireCache, storeCacheCounters, storeCacheEntries } from '../page/cache-rows.js';
import { monotonicMs } from '../page/clock.js';
import { EpochView } from '../page/page.js';
import { findPlace, storeAt } from '../page/wide.js';
import type { CacheAccount, JointBooks } from './account.js';

/** What the tracker calls, inside a cache operation, when there is something to do. */
export interface Attention {
  /** The epoch moved since the last look, or much was put since. */
  epochMoved(): void;
  /** Whether it is worth attending to what was put, while nothing is new on the page. */
  isGrowthDue(): boolean;
  /** A put took the caches over their joint cap, or `account` over its own limit. */
  overflowed(account: CacheAccount): void;
}

/** After puts of this many bytes, or 512 puts, a thread attends without a new epoch: it must see its own heap grow. */
const UNSEEN_BYTES = 8 * MIB;
const UNSEEN_BYTES_PER_PUT = UNSEEN_BYTES / 512;

/**
 * The books of all caches of one thread, and the look at the page that every cache operation takes. Lock-free: one load per
 * operation, one store where the byte count changed. The sum of the accounts is `totalBytes` at all times.
 */
export class Tracker implements JointBooks {
  readonly #words: Int32Array;
  readonly #generation: number;
  readonly #attention: Attention;
  /** By priority ascending; equal ones in the order of registration. */
  #accounts: readonly CacheAccount[] = [];
  /** What was attended to. */
  readonly epoch: EpochView;
  /** True while attending: what the caches do meanwhile (dispose callbacks, say) is booked but starts nothing new. */
  #attending = false;
  #ended = false;
  /** Cache operations that are under way: more than one when a callback of a cache uses another. */
  #busy = 0;
  #reconciling = false;
  #totalBytes = 0;
  /** Bytes that came and went by puts since the thread last attended to them, and some for every put. */
  #unseenBytes = 0;
  /** Joint bytes that the caches of this thread may hold; Infinity: no cap. */
  #setCapBytes = Number.POSITIVE_INFINITY;
  /** What an order has still to take from them. */
  #owedBytes = 0;
  /** Both together. */
  #capBytes = Number.POSITIVE_INFINITY;

  constructor(words: Int32Array, generation: number, attention: Attention) {
    this.#words = words;
    this.epoch = new EpochView(words);
    this.#generation = generation;
    this.#attention = attention;
  }

  get accounts(): readonly CacheAccount[] {
    return this.#accounts;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** What puts are held to: the cap, and what an order has still to take, which is not for them to pay a second time, and in one go. */
  get capBytes(): number {
    return this.#capBytes;
  }

  /** @param capBytes Infinity: no cap. A lower cap protects half of what each cache holds now from its neighbours. */
  setCap(capBytes: number): void {
    if (capBytes < this.#setCapBytes) {
      for (const account of this.#accounts) account.protectedBytes = account.bytes / 2;
    }
    this.#setCapBytes = capBytes;
    this.#capBytes = capBytes + this.#owedBytes;
  }

  /** @param owedBytes what the order under way has still to take; 0: none is. */
  setOwed(owedBytes: number): void {
    this.#owedBytes = owedBytes;
    this.#capBytes = this.#setCapBytes + owedBytes;
  }

  open(account: CacheAccount): void {
    this.#accounts = [...this.#accounts, account].sort((a, b) => a.priority - b.priority);
    account.open = true;
    findPlace(this.#words, account);
    this.reconcile(account);
  }

  /** @param keepRow its bytes count no more, but its receipt is still to be read: `release` ends it. */
  close(account: CacheAccount, keepRow: boolean): void {
    if (!account.open) return;
    account.open = false;
    this.#accounts = this.#accounts.filter((other) => other !== account);
    this.#totalBytes -= account.bytes;
    if (keepRow) retireCache(this.#words, account.row, this.#generation);
    else this.release(account.row);
  }

  release(row: number): void {
    releaseCache(this.#words, row, this.#generation);
  }

  /** The thread's row was given back: whatever still calls finds nothing to do. */
  finish(): void {
    this.#ended = true;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  get isNearCap(): boolean {
    return this.#totalBytes > this.#capBytes / 2;
  }

  enter(): void {
    this.#busy++;
  }

  leave(): void {
    this.#busy--;
  }

  grown(account: CacheAccount, bytes: number): void {
    this.#unseenBytes += UNSEEN_BYTES_PER_PUT + Math.abs(bytes - account.bytes);
    this.book(account, bytes);
    if (this.#unseenBytes > UNSEEN_BYTES) this.#attendToGrowth();
    else if (this.epoch.seemsMoved) this.look();
    if (this.#totalBytes > this.#capBytes || account.bytesOverLimit > 0) this.#overflow(account);
  }

  book(account: CacheAccount, bytes: number): void {
    if (bytes === account.bytes) return;
    if (account.open) {
      this.#totalBytes += bytes - account.bytes;
      storeAt(this.#words, account, bytes);
    }
    account.bytes = bytes;
  }

  /**
   * The cache was told to hold more, or less (negative). Its own count is the truth where it has moved already; a cache that tells
   * before it changes is taken at its word until the next look.
   */
  added(account: CacheAccount, bytes: number): void {
    const bytesBefore = account.bytes;
    this.reconcile(account);
    const hasMoved = account.bytes !== bytesBefore;
    this.grown(account, hasMoved ? account.bytes : Math.max(0, bytesBefore + bytes));
  }

  /** The look at the page: a single load unless something is new. */
  look(): void {
    if (this.epoch.hasMoved) this.attend();
  }

  /** Sees to what is new on the page, unless this is the middle of doing so. */
  attend(): void {
    if (this.#attending || this.#ended || this.#busy > 0) return;
    this.#attending = true;
    try {
      this.epoch.see();
      this.#unseenBytes = 0;
      this.#attention.epochMoved();
    } finally {
      this.#attending = false;
    }
  }

  /** Runs `work` with attention switched off: the caches' own callbacks start nothing new meanwhile. */
  undisturbed<T>(work: () => T): T {
    const before = this.#attending;
    this.#attending = true;
    try {
      return work();
    } finally {
      this.#attending = before;
    }
  }

  /** Makes the next operation look again, although the epoch did not move. */
  lookAgain(): void {
    this.epoch.forget();
  }

  /**
   * Asks the cache itself what it holds, and books that.
   * @returns false where its answer is impossible, or it threw; what was booked before stays then.
   */
  reconcile(account: CacheAccount): boolean {
    let bytes: number;
    try {
      bytes = account.adapter.bytes();
    } catch {
      return false; // a getter that throws tells nothing; whoever asked reports it
    }
    if (!(bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER)) return false;
    this.book(account, bytes);
    return true;
  }

  /** Books what the caches of users hold now, since nothing tells when that changes, and what others lost to a timer. */
  reconcileAll(): void {
    if (this.#reconciling) return; // a getter of a user's cache that reads the state would never come back
    this.#reconciling = true;
    for (const account of this.#accounts) this.reconcile(account);
    this.#reconciling = false;
  }

  /** Brings the page's copy of counters and entries up to date. */
  publishCounters(): void {
    const nowMs = monotonicMs();
    for (const account of this.#accounts) {
      account.moveWindows(nowMs);
      storeCacheCounters(this.#words, account.row, account);
      storeCacheEntries(this.#words, account.row, account.adapter.entries());
    }
  }

  #attendToGrowth(): void {
    this.#unseenBytes = 0;
    if (this.#attention.isGrowthDue()) this.attend();
    else this.look();
  }

  #overflow(account: CacheAccount): void {
    if (this.#attending || !account.open || this.#busy > 0) return;
    this.#attending = true;
    try {
      this.#attention.overflowed(account);
    } finally {
      this.#attending = false;
    }
  }
}
