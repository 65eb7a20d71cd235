import type { EvictionRequest } from '../core/eviction.js';
import { storeQuarantine } from '../page/cache-rows.js';
import { monotonicUs } from '../page/clock.js';
import {
  COLLECT,
  emptyThreadControl,
  loadDebt,
  markOrderDone,
  markTaken,
  type Receipt,
  readControl,
  type ThreadControl,
  writeReceipt,
} from '../page/orders.js';
import { storeThreadCounters } from '../page/thread-rows.js';
import type { CacheAccount } from './account.js';
import { COLLECTION_DUTY, type Collector } from './collection.js';
import { type AsyncAnswer, collectPayment, SLICE_US, type Step } from './payment.js';
import type { Tracker } from './tracker.js';

/** How long an asynchronous cache may take before the round goes on without it. Source: ten times the 100 ms of a round. */
export const CACHE_DEADLINE_MS = 1000;

/** Failures in a row that put a cache in quarantine. Source: the design, "when things break". */
const FAILURES_TO_QUARANTINE = 3;

/** A free-loop payment that has not moved for this long is taken over by the cache operations of the blocked loop. */
const STALLED_US = 20_000;

/** Collections in an emergency may take this share of wall time: dying of garbage is worse than collecting it. */
const EMERGENCY_DUTY = 0.5;

/** An order being carried out; one at a time per thread. */
interface Order {
  readonly number: number;
  readonly control: ThreadControl;
  readonly steps: Step;
  readonly abort: AbortController;
  /** True while a driver on the loop is at it, and while it waits for an asynchronous cache. */
  driven: boolean;
  waiting: boolean;
  /** Counts the steps: a driver that finds it changed after a wait was overtaken by a cache operation. */
  turn: number;
  /** Monotonic µs of the last step. */
  movedUs: number;
}

/** What the dispatcher tells the rest of the thread. */
export interface DispatcherEvents {
  /** The order was carried out; the receipts are on the page. */
  orderDone(order: number): void;
  /** A cache was isolated. */
  cacheFailed(account: CacheAccount, receipt: Receipt): void;
}

/**
 * Carries out what the sampler ordered on the page: inside a cache operation, whole, when the loop is blocked or the level is
 * an emergency; in slices when the loop is free. Whoever comes first pays, once. Runs on the thread that owns the caches.
 */
export class Dispatcher {
  readonly #words: Int32Array;
  readonly #threadRow: number;
  readonly #tracker: Tracker;
  readonly #collector: Collector;
  readonly #respectFloors: boolean;
  readonly #events: DispatcherEvents;
  readonly #control = emptyThreadControl();
  #current: Order | null = null;
  #finished = 0;
  #nextInlineSliceUs = 0;
  #evictedBytes = 0;

  constructor(
    words: Int32Array,
    threadRow: number,
    tracker: Tracker,
    collector: Collector,
    respectFloors: boolean,
    events: DispatcherEvents,
  ) {
    this.#words = words;
    this.#threadRow = threadRow;
    this.#tracker = tracker;
    this.#collector = collector;
    this.#respectFloors = respectFloors;
    this.#events = events;
  }

  /** Bytes evicted on this thread for pressure so far. */
  get evictedBytes(): number {
    return this.#evictedBytes;
  }

  /**
   * Pays what an order asks for inside the cache operation that looked: whole in an emergency, else one slice, unless a driver
   * on the loop is at it. Never waits.
   */
  payInline(): void {
    const order = this.#openOrder();
    if (order === null) return;
    if (order.control.level === 'emergency') {
      while (!this.#step(order).done);
      return;
    }
    const nowUs = monotonicUs();
    const patienceUs = order.waiting ? CACHE_DEADLINE_MS * 1e3 : STALLED_US;
    if (nowUs - order.movedUs < patienceUs || nowUs < this.#nextInlineSliceUs) {
      this.#tracker.lookAgain();
      return;
    }
    const step = this.#step(order);
    if (step.done) return;
    this.#nextInlineSliceUs = monotonicUs() + 2 * SLICE_US;
    this.#tracker.lookAgain();
    if (step.promise !== null) void this.#driveOnLoop(order, step.promise);
  }

  /** Pays what orders ask for on a free loop: a slice, a turn of the loop, a slice. */
  async payOnLoop(): Promise<void> {
    for (let order = this.#openOrder(); order !== null && !order.driven; order = this.#openOrder()) {
      await this.#driveOnLoop(order, null);
    }
  }

  /** Drops `bytes` from this thread's caches at once, without an order. @returns bytes dropped. */
  dropNow(demandBytes: number, request: EvictionRequest): number {
    let droppedBytes = 0;
    const steps = collectPayment(
      this.#tracker,
      { demandBytes, respectFloors: this.#respectFloors, request },
      (account, receipt) => {
        droppedBytes += receipt.evictedBytes;
        this.#bookEviction(account, receipt);
      },
    );
    while (steps.next().done !== true);
    return droppedBytes;
  }

  /**
   * A put took the caches over their cap, or one over its own limit. The caches that go first give what they hold beyond their
   * protected part, then the one that was put to pays itself.
   */
  payOverflow(putter: CacheAccount): void {
    if (putter.bytes > putter.maxBytes) {
      putter.dropReason = 'own';
      this.#trim(putter, putter.bytes - putter.maxBytes, 0);
      putter.dropReason = 'pressure';
    }
    const { totalBytes, capBytes } = this.#tracker;
    let excessBytes = totalBytes - capBytes;
    if (excessBytes <= 0) return;
    for (const account of this.#tracker.accounts) {
      if (account.priority >= putter.priority || account.quarantined) continue;
      const keepBytes = Math.max(account.protectedBytes, this.#floorOf(account));
      if (account.bytes <= keepBytes) continue;
      excessBytes -= this.#trim(account, Math.min(excessBytes, account.bytes - keepBytes), keepBytes);
      if (excessBytes <= 0) return;
    }
    this.#trim(putter, excessBytes, this.#floorOf(putter));
  }

  /** Brings the page's copy of this thread's counters up to date. */
  publishCounters(): void {
    storeThreadCounters(this.#words, this.#threadRow, {
      collections: this.#collector.count,
      collectionUs: this.#collector.totalUs,
      evictedBytes: this.#evictedBytes,
      uncollectedBytes: this.#collector.uncollectedBytes,
    });
  }

  /** Ends what is going on: the runtime stops, or the thread detaches. */
  abort(): void {
    this.#current?.abort.abort();
    this.#current = null;
  }

  #floorOf(account: CacheAccount): number {
    return this.#respectFloors ? account.minBytes : 0;
  }

  #trim(account: CacheAccount, bytes: number, floorBytes: number): number {
    const before = account.bytes;
    const entriesBefore = account.adapter.entries();
    try {
      account.adapter.drop(bytes, floorBytes, Number.POSITIVE_INFINITY, OVERFLOW);
    } catch {
      this.#countFailure(account, false);
    }
    this.#tracker.reconcile(account);
    const droppedBytes = Math.max(0, before - account.bytes);
    this.#evictedBytes += droppedBytes;
    this.#collector.noteEvicted(droppedBytes);
    if (entriesBefore >= 0) {
      const entries = entriesBefore - account.adapter.entries();
      if (account.dropReason === 'own') account.counters.ownEvictions += entries;
      else account.counters.pressureEvictions += entries;
    }
    return droppedBytes;
  }

  /** The order to work on: the one begun, or a new one from the page; null when there is nothing to pay. */
  #openOrder(): Order | null {
    if (!readControl(this.#words, this.#threadRow, this.#control)) {
      this.#tracker.lookAgain();
      return this.#current;
    }
    const { order: number } = this.#control;
    if (this.#current !== null && this.#current.number !== number) {
      this.#current.abort.abort(); // passed over by the sampler: its share went to others
      this.#current = null;
    }
    if (this.#current !== null || number === this.#finished || number === 0) return this.#current;
    const control = { ...this.#control };
    let demandBytes = 0;
    for (const account of this.#tracker.accounts) {
      const debtBytes = loadDebt(this.#words, account.row, number);
      if (debtBytes > 0) markTaken(this.#words, account.row, number);
      demandBytes += debtBytes;
    }
    const abort = new AbortController();
    const receipts = new Map<CacheAccount, Receipt>();
    const request: EvictionRequest = {
      level: control.level,
      cause: control.cause,
      round: number,
      signal: abort.signal,
    };
    const steps = collectPayment(
      this.#tracker,
      { demandBytes, respectFloors: this.#respectFloors, request },
      (account, receipt) => {
        const sum = addReceipts(receipts.get(account), receipt);
        receipts.set(account, sum);
        this.#bookEviction(account, receipt);
        writeReceipt(this.#words, account.row, number, sum);
      },
    );
    this.#current = { number, control, steps, abort, driven: false, waiting: false, turn: 0, movedUs: 0 };
    return this.#current;
  }

  /** One step. `promise`: an asynchronous cache is at work, and may be waited for. */
  #step(order: Order, answer?: AsyncAnswer): { done: boolean; promise: Promise<number> | null } {
    order.turn++;
    const result = order.steps.next(answer);
    order.movedUs = monotonicUs();
    if (result.done === true) {
      this.#finish(order);
      return { done: true, promise: null };
    }
    result.value?.catch(() => undefined); // whoever waits sees the rejection; who does not must not crash the process
    return { done: false, promise: result.value };
  }

  /** Goes on with an order on the loop until it is finished, or a cache operation overtook. */
  async #driveOnLoop(order: Order, pending: Promise<number> | null): Promise<void> {
    order.driven = true;
    let promise = pending;
    let answer: AsyncAnswer | undefined;
    for (;;) {
      if (promise !== null) {
        const { turn } = order;
        order.waiting = true;
        answer = await beforeDeadline(promise, order.abort.signal);
        order.waiting = false;
        if (order.turn !== turn) answer = undefined;
      }
      if (this.#current !== order) break;
      const step = this.#step(order, answer);
      if (step.done) break;
      answer = undefined;
      promise = step.promise;
      if (promise === null) await nextTurn();
    }
    order.driven = false;
  }

  #finish(order: Order): void {
    this.#current = null;
    this.#finished = order.number;
    const { collect, level } = order.control;
    const duty = level === 'emergency' ? EMERGENCY_DUTY : COLLECTION_DUTY;
    if (collect === COLLECT.always || (collect === COLLECT.ifDue && this.#collector.isDue(monotonicUs(), duty))) {
      this.#collector.collect();
    }
    this.publishCounters();
    markOrderDone(this.#words, this.#threadRow, order.number);
    this.#events.orderDone(order.number);
  }

  #bookEviction(account: CacheAccount, receipt: Receipt): void {
    this.#evictedBytes += receipt.evictedBytes;
    this.#collector.noteEvicted(receipt.evictedBytes);
    account.counters.pressureEvictions += receipt.entries;
    this.#countFailure(account, receipt.outcome === 'ok');
    if (receipt.outcome !== 'ok') this.#events.cacheFailed(account, receipt);
  }

  #countFailure(account: CacheAccount, behaved: boolean): void {
    account.failures = behaved ? 0 : account.failures + 1;
    const quarantined = account.failures >= FAILURES_TO_QUARANTINE;
    if (quarantined === account.quarantined) return;
    account.quarantined = quarantined;
    storeQuarantine(this.#words, account.row, quarantined);
  }
}

/** What a cache is told when its put overflowed the cap. */
const OVERFLOW: EvictionRequest = { level: 'normal', cause: null, round: 0, signal: new AbortController().signal };

function addReceipts(first: Receipt | undefined, second: Receipt): Receipt {
  if (first === undefined) return second;
  return {
    requestedBytes: first.requestedBytes + second.requestedBytes,
    evictedBytes: first.evictedBytes + second.evictedBytes,
    entries: first.entries + second.entries,
    durationUs: first.durationUs + second.durationUs,
    outcome: second.outcome,
  };
}

/** A turn of the event loop, in which timers and I/O get their chance. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What an asynchronous cache answered, or how it failed to. The timer does not keep the process alive. */
function beforeDeadline(promise: Promise<number>, signal: AbortSignal): Promise<AsyncAnswer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ failed: 'timed-out' }), CACHE_DEADLINE_MS);
    timer.unref();
    signal.addEventListener('abort', () => resolve({ failed: 'timed-out' }), { once: true });
    promise
      .then(
        (claimed) => resolve({ claimed }),
        () => resolve({ failed: 'rejected' }),
      )
      .finally(() => clearTimeout(timer));
  });
}
