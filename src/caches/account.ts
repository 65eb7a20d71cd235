import { CounterWindow } from '../core/counter-window.js';
import { GhostList, NOT_REMEMBERED } from '../core/ghost-list.js';
import { type CacheCounters, cacheBytesIndex } from '../page/cache-rows.js';
import type { EpochView } from '../page/page.js';
import type { TrackedPlace } from '../page/wide.js';
import type { CacheAdapter, SecondChances } from './contract.js';

/** What a registration settles, once. Bytes. */
export interface AccountTerms {
  readonly row: number;
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  /** Infinity: none. */
  readonly maxBytes: number;
}

const MINUTE_MS = 60_000;

/** Says of `limitBytes` that there is none. */
const NO_LIMIT = -1;

/** A count of reads with which none of these bits is set comes with a look at the page by an atomic load; the others only glance at it. */
export const GLANCE_BITS = 63;

/** In the guard, above the calls that are under way: a read may find an expired entry. */
const MAY_EXPIRE = 2 ** 20;

/** What the caches of a thread have in common, as the account of one of them sees it. */
export interface JointBooks {
  /** What the thread has seen of the page. */
  readonly epoch: EpochView;
  /** True while the code of any cache runs, and with it callbacks of the user: nothing is evicted meanwhile. */
  readonly isBusy: boolean;
  /** Whether the caches hold more than half of what they may: else it does not matter yet which entries go first. */
  readonly isNearCap: boolean;
  enter(): void;
  leave(): void;
  /** A closer look at the page; sees to what is new there. */
  look(): void;
  /** Books what `account` holds now. */
  book(account: CacheAccount, bytes: number): void;
  /** The same after a put, which may be one too many. */
  grown(account: CacheAccount, bytes: number): void;
}

/**
 * The books of one registered cache on the thread that owns it, and what the cache's operations call before they return: a few loads and
 * stores, no message, no await. The numbers are exact and private; the page carries a copy of `bytes` that is renewed with every change, and
 * of the counters that is renewed when the epoch moves. What every operation touches stands in the object itself, as small integers: with
 * a hundred caches it is the lines of the processor's cache that cost.
 */
export class CacheAccount implements CacheCounters, TrackedPlace {
  // in the order of use: reads need what fits into one line of the processor's cache, puts little more
  readonly joint: JointBooks;
  /** That of `joint`: every operation glances at it. */
  readonly epoch: EpochView;
  /** Calls of the cache's own operations that are under way, and `MAY_EXPIRE`. */
  #guard = 0;
  hits = 0;
  misses = 0;
  puts = 0;
  ownEvictions = 0;
  /** Bytes held, as last reconciled with the cache. Writer: the tracker. */
  bytes = 0;
  /** `maxBytes`, or -1 for none. */
  readonly limitBytes: number;
  /** True from registration to its end; only then the row is this cache's. Writer: the tracker. */
  open = false;
  /** Whether entries have come of which the second chances were not told. */
  #hasUnnoticed = false;
  /** Where the page's copy of `bytes` is. Writer: the tracker. */
  readonly trackedIndex: number;
  trackedLow = 0;
  trackedBase = 0;
  /** What pressure evicted. */
  readonly ghosts = new GhostList();
  pressureEvictions = 0;
  regrets = 0;
  readonly row: number;
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  readonly last5m: CounterWindow;
  readonly last60m: CounterWindow;
  /** Writer: the registration, once. */
  adapter: CacheAdapter = UNADAPTED;
  /** Null: entries go as they come. Writer: the adapter, once. */
  chances: SecondChances<unknown> | null = null;
  /** Why the adapter drops entries just now. Writer: whoever makes it. */
  dropReason: 'own' | 'pressure' = 'pressure';
  /** What the caches of higher priority leave it when a put overflows the cap. Writer: the tracker. */
  protectedBytes = 0;
  /** Failures in a row; three put the cache in quarantine. Writer: the eviction books. */
  failures = 0;
  quarantined = false;

  constructor({ row, name, priority, minBytes, maxBytes }: AccountTerms, joint: JointBooks, nowMs: number) {
    this.limitBytes = Number.isFinite(maxBytes) ? maxBytes : NO_LIMIT;
    this.joint = joint;
    this.epoch = joint.epoch;
    this.trackedIndex = cacheBytesIndex(row);
    this.row = row;
    this.name = name;
    this.priority = priority;
    this.minBytes = minBytes;
    this.last5m = new CounterWindow(5 * MINUTE_MS, 3, nowMs);
    this.last60m = new CounterWindow(60 * MINUTE_MS, 3, nowMs);
  }

  /** Bytes held beyond the cache's own limit. */
  get bytesOverLimit(): number {
    return this.limitBytes === NO_LIMIT ? 0 : Math.max(0, this.bytes - this.limitBytes);
  }

  /** Whether a read is not simple: it may run callbacks of the user, or is part of another operation of the cache. */
  get isGuarded(): boolean {
    return this.#guard !== 0;
  }

  /**
   * The cache's own code runs from here to `leave`.
   * @returns false when the cache, or a callback of the user that it runs, calls the same cache again: such a call counts for nothing.
   */
  enter(): boolean {
    this.joint.enter();
    return (this.#guard++ & (MAY_EXPIRE - 1)) === 0;
  }

  leave(): void {
    this.joint.leave();
    this.#guard--;
  }

  /**
   * Runs `call`, which is the cache's own code. What `before` found is given to `after`, which runs also when the call throws; neither
   * does for calls from inside the cache.
   */
  around<B, R>(call: () => R, before: () => B, after: (begun: B) => void): R {
    const isOutermost = this.enter();
    let begun: B | undefined;
    try {
      if (isOutermost) begun = before();
      return call();
    } finally {
      this.leave();
      if (isOutermost) after(begun as B);
    }
  }

  /** From now on a read may find an expired entry and dispose of it. */
  expectExpiry(): void {
    this.#guard |= MAY_EXPIRE;
  }

  /** A read of `key` found something, or nothing. */
  wasRead(key: unknown, isHit: boolean): void {
    if (!isHit) this.missed(key);
    else if ((++this.hits & GLANCE_BITS) === 0 || this.epoch.seemsMoved) this.joint.look();
  }

  /** A read of `key` found nothing. */
  missed(key: unknown): void {
    const misses = ++this.misses;
    if (!this.ghosts.isEmpty) this.#mayRegret(key);
    if ((misses & GLANCE_BITS) === 0 || this.epoch.seemsMoved) this.joint.look();
  }

  /** The same where it may have taken expired entries away; `bytes` is what the cache holds now. */
  wasReadAndChanged(key: unknown, isHit: boolean, bytes: number): void {
    this.joint.book(this, bytes);
    this.wasRead(key, isHit);
  }

  /** Something was put or replaced, and `evicted` entries went for the cache's own limit; `bytes` is what the cache holds now. */
  put(bytes: number, evicted: number): void {
    this.countPut(evicted);
    this.joint.grown(this, bytes);
  }

  /** Counts a put, and leaves its bytes to the joint books: for who has those at hand. */
  countPut(evicted: number): void {
    this.puts++;
    this.ownEvictions += evicted;
  }

  /** An entry with a new key has come. To be told while the caches are small, too. */
  gained(key: unknown): void {
    if (!this.joint.isNearCap) this.#hasUnnoticed = true;
    else if (this.chances !== null) {
      this.tellUnnoticed();
      this.chances.noticeNew(key);
    }
  }

  /** Tells the second chances of entries that came unnoticed: before one is noticed, or any goes. */
  tellUnnoticed(): void {
    if (this.#hasUnnoticed) this.chances?.overlook();
    this.#hasUnnoticed = false;
  }

  /** Something may have gone (delete, clear, TTL), or come late; `bytes` is what the cache holds now. */
  changed(bytes: number): void {
    this.joint.book(this, bytes);
    this.joint.look();
  }

  /** Spillway had `key` dropped: a later miss on it may be a regret. @param note for its second chances, then; 0: none. */
  dropped(key: unknown, note = 0): void {
    if (this.dropReason === 'pressure') this.ghosts.remember(key, note);
  }

  #mayRegret(key: unknown): void {
    const note = this.ghosts.regret(key);
    if (note === NOT_REMEMBERED) return;
    this.regrets++;
    if (note !== 0) this.chances?.regretted(note);
  }

  /** Moves the windows on to now; to be called every few seconds. */
  moveWindows(nowMs: number): void {
    this.last5m.observe(nowMs, this.hits, this.misses, this.regrets);
    this.last60m.observe(nowMs, this.hits, this.misses, this.regrets);
  }
}

/** Stands in while the adapter is made: it is laid over the cache before the account is open. */
const UNADAPTED: CacheAdapter = {
  kind: 'evictable',
  bytes: () => 0,
  entries: () => -1,
  drop: () => undefined,
  detach: () => undefined,
};
