import type { EvictionReport } from '../core/eviction.js';
import { evictableBytes, planEviction } from '../core/eviction-plan.js';
import type { Level } from '../core/level.js';
import type { Resource } from '../core/resource.js';
import { ringThread, ringThreads } from '../page/bell.js';
import { type CacheRow, isCacheLive, liveCaches, threadCacheBytes } from '../page/cache-rows.js';
import {
  adoptOrders,
  type CollectMode,
  type Debt,
  emptyThreadControl,
  isOrderDone,
  isTaken,
  loadReceipt,
  type Outcome,
  readControl,
  type ThreadControl,
  writeControl,
} from '../page/orders.js';
import { bumpEpoch, markRoundOpen, nextRoundId } from '../page/page.js';
import { emptyThreadCounters, liveThreadRows, loadThreadCounters, threadOwner } from '../page/thread-rows.js';
import { RoundBooks, type RoundDemand } from './round-books.js';

/**
 * A thread that has not begun to pay after this long is passed over where others can pay instead. Source: half of the 100 ms that a
 * round may take.
 */
export const UNTAKEN_DEADLINE_MS = 50;

/** Where nobody else can pay, an absent thread is waited for longer: its next cache operation pays. */
export const ALONE_DEADLINE_MS = 1000;

/** A thread that has begun may take this long for each of its caches. Source: a little more than the deadline of an asynchronous one. */
export const TAKEN_DEADLINE_MS = 2500;

/** Waves of orders in one round: who falls short is made up for by others, but not for ever. */
const MOST_WAVES = 4;

interface Wave {
  /** The part of each thread, by thread row. */
  readonly threads: Map<number, ThreadPart>;
}

interface ThreadPart {
  /** The number of its order is its own, so that no other thread can take its debts for theirs. */
  readonly order: number;
  /** All caches that may pay: a thread makes up among its own for one that falls short. */
  readonly caches: readonly CacheRow[];
  /** What each was planned to pay, by cache row. */
  readonly owedBytes: ReadonlyMap<number, number>;
  /** What the caches of the thread are left with once all is paid. */
  readonly leftBytes: number;
  /** Receipts seen so far, and when the last one came. */
  receipts: number;
  movedMs: number;
}

interface Round {
  readonly books: RoundBooks;
  readonly gauge: Gauge;
  wave: Wave | null;
  waves: number;
  /** Thread rows that were passed over: they get no further order in this round. */
  readonly absent: Set<number>;
}

/** What a round is measured by: the use of a resource (null: the resident set) when it began, bytes. */
export interface Gauge {
  readonly resource: Resource | null;
  readonly usedBytes: number;
  /** worker_threads id of the thread whose heap it is, null: a resource of all. */
  readonly thread: number | null;
}

export interface RoundResult {
  readonly report: EvictionReport;
  readonly before: Gauge;
}

/**
 * Carries out one round of eviction at a time: plans over every cache of every thread, writes what each owes, and goes on
 * until the demand is met, nothing more can be had, or the deadlines have passed. Runs where the sampler runs; never blocks.
 */
export class Rounds {
  readonly #words: Int32Array;
  readonly #respectFloors: boolean;
  readonly #control = emptyThreadControl();
  #round: Round | null = null;
  #lastOrder: number;

  constructor(words: Int32Array, respectFloors: boolean) {
    this.#words = words;
    this.#respectFloors = respectFloors;
    this.#lastOrder = adoptOrders(words);
    markRoundOpen(words, false);
  }

  get active(): boolean {
    return this.#round !== null;
  }

  /** What caches of a thread that hold so much are left with once it has paid what it was asked for. Bytes. */
  leftOf(threadRow: number, heldBytes: number): number {
    const part = this.#round?.wave?.threads.get(threadRow);
    if (part === undefined || this.#round?.absent.has(threadRow)) return heldBytes;
    if (isOrderDone(this.#words, threadRow, part.order)) return heldBytes;
    return Math.max(0, Math.min(heldBytes, part.leftBytes));
  }

  /** Starts a round; there must be none under way. */
  start(demand: RoundDemand, gauge: Gauge, nowMs: number, at: number): void {
    const books = new RoundBooks(this.#words, nextRoundId(this.#words), demand, nowMs, at);
    this.#round = { books, gauge, wave: null, waves: 0, absent: new Set() };
    markRoundOpen(this.#words, true);
    this.#nextWave(this.#round, nowMs);
    if (this.#round.wave !== null) ringThreads(this.#words); // for those who can wake a thread that hears no bell
  }

  /** Looks at the receipts. @returns the result once the round has ended, else null. */
  advance(nowMs: number): RoundResult | null {
    const round = this.#round;
    if (round === null) return null;
    while (round.wave !== null) {
      if (!this.#isWaveOver(round, round.wave, nowMs)) return null;
      this.#takeReceipts(round, round.wave);
      this.#nextWave(round, nowMs);
    }
    return this.#end(round, nowMs);
  }

  /** Has threads collect without evicting: those that hold uncollected bytes. */
  orderCollection(level: Level, cause: Resource | null, collect: CollectMode, rows: readonly number[] | null): void {
    const counters = emptyThreadCounters();
    for (const threadRow of rows ?? liveThreadRows(this.#words)) {
      loadThreadCounters(this.#words, threadRow, counters);
      if (counters.uncollectedBytes === 0) continue;
      this.#order(threadRow, { level, cause, collect }, []);
    }
    bumpEpoch(this.#words);
  }

  /** Ends the round under way with what was done so far. */
  finish(nowMs: number): RoundResult | null {
    const round = this.#round;
    if (round === null) return null;
    if (round.wave !== null) this.#takeReceipts(round, round.wave);
    return this.#end(round, nowMs);
  }

  #end(round: Round, nowMs: number): RoundResult {
    this.#round = null;
    markRoundOpen(this.#words, false);
    return { report: round.books.report(nowMs), before: round.gauge };
  }

  #nextWave(round: Round, nowMs: number): void {
    round.wave = null;
    const { books } = round;
    const { missingBytes } = books;
    if (missingBytes <= 0 || round.waves === MOST_WAVES) return;
    const candidates = liveCaches(this.#words).filter(
      (cache) => isPayer(round, cache.threadRow) && !round.absent.has(cache.threadRow) && books.mayBeAsked(cache),
    );
    const shares = planEviction(candidates, missingBytes, this.#respectFloors);
    if (shares.length === 0) return;
    const threads = new Map<number, ThreadPart>();
    for (const threadRow of new Set(shares.map((share) => share.cache.threadRow))) {
      const debts = shares
        .filter((share) => share.cache.threadRow === threadRow)
        .map((share) => ({ row: share.cache.row, owedBytes: share.bytes }));
      const heldBytes = threadCacheBytes(this.#words, threadRow); // before the order, which may be paid at once
      threads.set(threadRow, {
        order: this.#order(threadRow, { ...books.demand, round: books.id }, debts),
        caches: candidates.filter((cache) => cache.threadRow === threadRow),
        owedBytes: new Map(debts.map(({ row, owedBytes }) => [row, owedBytes])),
        leftBytes: heldBytes - debts.reduce((sum, { owedBytes }) => sum + owedBytes, 0),
        receipts: 0,
        movedMs: nowMs,
      });
    }
    round.wave = { threads };
    round.waves++;
    bumpEpoch(this.#words);
  }

  /** Writes an order for one thread, beside the cap and pace that it has, and wakes the thread. @returns the order's number. */
  #order(threadRow: number, terms: Partial<ThreadControl>, debts: readonly Debt[]): number {
    const order = ++this.#lastOrder;
    readControl(this.#words, threadRow, this.#control);
    writeControl(this.#words, threadRow, { ...this.#control, inHeap: false, ...terms, order }, debts);
    ringThread(this.#words, threadRow);
    return order;
  }

  #isWaveOver(round: Round, wave: Wave, nowMs: number): boolean {
    let over = true;
    for (const [threadRow, part] of wave.threads) {
      if (round.absent.has(threadRow) || isOrderDone(this.#words, threadRow, part.order)) continue;
      if (this.#isGone(threadRow, part) || this.#isOverdue(round, threadRow, part, nowMs))
        this.#passOver(round, threadRow);
      else over = false;
    }
    return over;
  }

  #isGone(threadRow: number, { caches }: ThreadPart): boolean {
    const owner = threadOwner(this.#words, threadRow);
    return caches.every((cache) => owner !== cache.owner);
  }

  /** Whether the thread has shown no sign of life for as long as it is worth to wait for it. */
  #isOverdue(round: Round, threadRow: number, part: ThreadPart, nowMs: number): boolean {
    const receipts = part.caches.filter((cache) => loadReceipt(this.#words, cache.row, part.order) !== null).length;
    if (receipts > part.receipts) {
      part.receipts = receipts;
      part.movedMs = nowMs;
    }
    const silentMs = nowMs - part.movedMs;
    if (silentMs < UNTAKEN_DEADLINE_MS) return false;
    if (part.caches.some((cache) => isTaken(this.#words, cache.row, part.order))) return silentMs >= TAKEN_DEADLINE_MS;
    return silentMs >= ALONE_DEADLINE_MS || this.#canOthersPay(round, threadRow);
  }

  #canOthersPay(round: Round, threadRow: number): boolean {
    return liveCaches(this.#words).some(
      (cache) =>
        cache.threadRow !== threadRow &&
        isPayer(round, cache.threadRow) &&
        !round.absent.has(cache.threadRow) &&
        evictableBytes(cache, this.#respectFloors) > 0,
    );
  }

  /** Takes the order back from a thread that did not get to it: whatever it pays later belongs to no round. */
  #passOver(round: Round, threadRow: number): void {
    if (round.absent.has(threadRow)) return;
    round.absent.add(threadRow);
    this.#order(threadRow, {}, []);
  }

  #takeReceipts(round: Round, wave: Wave): void {
    for (const { order, caches, owedBytes } of wave.threads.values()) {
      for (const cache of caches) {
        const receipt = loadReceipt(this.#words, cache.row, order);
        const plannedBytes = owedBytes.get(cache.row);
        const outcome = receipt?.outcome ?? this.#missedOutcome(round, cache, plannedBytes);
        if (outcome === null) continue;
        round.books.book(cache, { plannedBytes: plannedBytes ?? 0, receipt, outcome });
      }
    }
  }

  /** Why a cache left no receipt; null: it was never its turn. */
  #missedOutcome(round: Round, cache: CacheRow, plannedBytes: number | undefined): Outcome | null {
    if (plannedBytes === undefined) return null;
    if (!isCacheLive(this.#words, cache.row)) return 'gone';
    return round.absent.has(cache.threadRow) ? 'not-reached' : null;
  }
}

function isPayer({ books }: Round, threadRow: number): boolean {
  const { payers } = books.demand;
  return payers === null || payers.includes(threadRow);
}
