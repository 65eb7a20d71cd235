import type { EvictionRequest } from '../core/eviction.js';
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
import type { CacheAccount } from './account.js';
import { COLLECTION_DUTY, type Collector } from './collection.js';
import type { EvictionBooks } from './eviction-books.js';
import { type AsyncAnswer, collectPayment, SLICE_US, type Step } from './payment.js';
import type { Tracker } from './tracker.js';

/** How long an asynchronous cache may take before the round goes on without it. Source: ten times the 100 ms of a round. */
export const CACHE_DEADLINE_MS = 1000;

/** A payment on the loop that has not moved for this long is taken over by the cache operations of the blocked loop. */
const STALLED_US = 20_000;

/**
 * Between two slices that cache operations of a blocked loop pay: they may take a third of its time, unless the order is to collect in any case,
 * which means that there is no time to lose.
 */
const INLINE_PAUSE_US = 2 * SLICE_US;

/** While an asynchronous cache is waited for, the loop shows this often that it turns. */
const SIGN_OF_LIFE_MS = 5;

/** Collections in an emergency may take this share of wall time: dying of garbage is worse than collecting it. */
const EMERGENCY_DUTY = 0.5;

/** An order being carried out; one at a time per thread. */
interface Order {
  readonly number: number;
  readonly control: ThreadControl;
  readonly steps: Step;
  readonly abort: AbortController;
  /** The asynchronous cache that is at work, null: none is. */
  promise: Promise<number> | null;
  /** True once the caches owe nothing more: what is left is the collection. */
  paid: boolean;
  /** True while a driver on the loop is at it. */
  driven: boolean;
  /** True while that driver waits for an asynchronous cache. */
  waiting: boolean;
  /** Counts the steps: a driver that finds it changed after a wait was overtaken by a cache operation. */
  turn: number;
  /** When that driver last showed that the loop turns, monotonic µs: with each of its steps, and while it waits. */
  movedUs: number;
}

export interface DispatcherOptions {
  readonly threadRow: number;
  readonly respectFloors: boolean;
  readonly cacheDeadlineMs: number;
  /** The order was carried out; the receipts are on the page. */
  readonly onOrderDone: () => void;
}

/**
 * Carries out what the sampler ordered on the page: inside cache operations, whole in an emergency, else in slices when the loop is blocked or
 * there is no time to lose; on the loop, in slices, when it is free. Whoever comes first pays, once. Runs on the thread that owns the caches.
 */
export class Dispatcher {
  readonly #words: Int32Array;
  readonly #tracker: Tracker;
  readonly #collector: Collector;
  readonly #books: EvictionBooks;
  readonly #options: DispatcherOptions;
  readonly #control = emptyThreadControl();
  #current: Order | null = null;
  #finished = 0;
  #nextInlineSliceUs = 0;
  /** Rows of caches that were unregistered while an order was under way: their receipts count until the next one begins. */
  #keptRows: number[] = [];

  constructor(
    words: Int32Array,
    tracker: Tracker,
    collector: Collector,
    books: EvictionBooks,
    options: DispatcherOptions,
  ) {
    this.#words = words;
    this.#tracker = tracker;
    this.#collector = collector;
    this.#books = books;
    this.#options = options;
  }

  /**
   * Pays what an order asks for inside the cache operation that looked: whole in an emergency, else one slice, unless a driver
   * on the loop is at it and there is time. Never waits.
   */
  payInline(): void {
    const order = this.#openOrder();
    if (order === null) return;
    const nowUs = monotonicUs();
    const { level, collect } = order.control;
    const isDrivenElsewhere = nowUs - order.movedUs < STALLED_US;
    const isAnswerAwaited = order.waiting && isDrivenElsewhere;
    if (level === 'emergency' && !isAnswerAwaited) {
      while (!this.#step(order));
      return;
    }
    const isLater = collect !== COLLECT.always && (isDrivenElsewhere || nowUs < this.#nextInlineSliceUs);
    if (isAnswerAwaited || isLater) {
      this.#tracker.lookAgain();
      return;
    }
    if (this.#step(order)) return;
    this.#nextInlineSliceUs = monotonicUs() + INLINE_PAUSE_US;
    this.#tracker.lookAgain();
    if (order.promise !== null && !order.driven) void this.#driveOnLoop(order);
  }

  /** Pays what orders ask for on a free loop: a slice, a turn of the loop, a slice. */
  async payOnLoop(): Promise<void> {
    for (let order = this.#openOrder(); order !== null && !order.driven; order = this.#openOrder()) {
      await this.#driveOnLoop(order);
    }
  }

  /** Drops `bytes` from this thread's caches at once, without an order. @returns bytes dropped. */
  dropNow(demandBytes: number, request: EvictionRequest): number {
    let droppedBytes = 0;
    const { respectFloors } = this.#options;
    const steps = collectPayment(
      this.#tracker,
      { demandBytes, respectFloors, request },
      (account, { receipt, fault }) => {
        droppedBytes += receipt.evictedBytes;
        this.#books.book(account, { ...receipt, fault });
      },
    );
    while (!this.#advance(steps).done);
    return droppedBytes;
  }

  /** Whether an order is under way. */
  get isBusy(): boolean {
    return this.#current !== null;
  }

  /** Takes a cache out of the books; its row is kept while the order under way may still need its receipt. */
  close(account: CacheAccount): void {
    const keepRow = this.#current !== null && account.open;
    if (keepRow) this.#keptRows.push(account.row);
    this.#tracker.close(account, keepRow);
  }

  /** Ends what is going on: the runtime stops, or the thread detaches. */
  abort(): void {
    this.#current?.abort.abort();
    this.#current = null;
    this.#releaseKeptRows();
  }

  #releaseKeptRows(): void {
    for (const row of this.#keptRows.splice(0)) this.#tracker.release(row);
  }

  /** The order to work on: the one begun, or a new one from the page; null when there is nothing to pay. */
  #openOrder(): Order | null {
    if (!readControl(this.#words, this.#options.threadRow, this.#control)) {
      this.#tracker.lookAgain();
      return this.#current;
    }
    const { order: number } = this.#control;
    if (this.#current !== null && this.#current.number !== number) {
      this.#current.abort.abort(); // passed over by the sampler: its share went to others
      this.#current = null;
    }
    if (this.#current !== null || number === this.#finished || number === 0) return this.#current;
    this.#releaseKeptRows();
    this.#current = this.#beginOrder({ ...this.#control });
    return this.#current;
  }

  #beginOrder(control: ThreadControl): Order {
    const { order: number, level, cause, round } = control;
    let demandBytes = 0;
    for (const account of this.#tracker.accounts) {
      const debtBytes = loadDebt(this.#words, account.row, number);
      if (debtBytes > 0) markTaken(this.#words, account.row, number);
      demandBytes += debtBytes;
    }
    const abort = new AbortController();
    const receipts = new Map<CacheAccount, Receipt>();
    const request: EvictionRequest = { level, cause, round, signal: abort.signal };
    const { respectFloors } = this.#options;
    const steps = collectPayment(
      this.#tracker,
      { demandBytes, respectFloors, request },
      (account, { receipt, fault }) => {
        const sum = addReceipts(receipts.get(account), receipt);
        receipts.set(account, sum);
        this.#books.book(account, { ...receipt, fault });
        writeReceipt(this.#words, account.row, number, sum);
      },
    );
    const paid = demandBytes === 0;
    return { number, control, steps, abort, promise: null, paid, driven: false, waiting: false, turn: 0, movedUs: 0 };
  }

  /** One step: a slice of what is paid, or the collection, since no turn of the loop should have to bear both. @returns true when it was the last. */
  #step(order: Order, answer?: AsyncAnswer): boolean {
    order.turn++;
    if (order.paid) {
      if (this.#isToCollect(order)) this.#collector.collect();
    } else {
      const { done, promise } = this.#advance(order.steps, answer);
      order.promise = promise;
      order.paid = done;
      if (!done || this.#isToCollect(order)) return false;
    }
    this.#finish(order);
    return true;
  }

  /** Goes on with a payment; what the caches' own callbacks do meanwhile starts nothing new. */
  #advance(steps: Step, answer?: AsyncAnswer): { done: boolean; promise: Promise<number> | null } {
    const result = this.#tracker.undisturbed(() => steps.next(answer));
    if (result.done === true) return { done: true, promise: null };
    result.value?.catch(() => undefined); // whoever waits sees the rejection; who does not must not crash the process
    return { done: false, promise: result.value };
  }

  /** Goes on with an order on the loop until it is finished, whoever finishes it. */
  async #driveOnLoop(order: Order): Promise<void> {
    order.driven = true;
    while (this.#current === order) {
      order.movedUs = monotonicUs();
      const { promise, turn } = order;
      let answer: AsyncAnswer | undefined;
      if (promise !== null) {
        order.waiting = true;
        answer = await this.#answerInTime(order, promise);
        order.waiting = false;
        if (this.#current !== order) break;
        if (order.turn !== turn) continue; // a cache operation went on without the answer
      }
      if (this.#step(order, answer)) break;
      if (order.promise === null) await nextTurn();
    }
    order.driven = false;
  }

  #isToCollect({ control: { collect, level } }: Order): boolean {
    const duty = level === 'emergency' ? EMERGENCY_DUTY : COLLECTION_DUTY;
    return collect === COLLECT.always || (collect === COLLECT.ifDue && this.#collector.isDue(duty));
  }

  #finish(order: Order): void {
    this.#current = null;
    this.#finished = order.number;
    this.#books.publish();
    markOrderDone(this.#words, this.#options.threadRow, order.number);
    this.#options.onOrderDone();
  }

  /** What an asynchronous cache answered, or how it failed to. The timers do not keep the process alive. */
  async #answerInTime(order: Order, promise: Promise<number>): Promise<AsyncAnswer> {
    const { signal } = order.abort;
    let giveUp: (answer: AsyncAnswer) => void = () => undefined;
    const late = new Promise<AsyncAnswer>((resolve) => {
      giveUp = resolve;
    });
    const onAbort = () => giveUp({ failed: 'timed-out', fault: 'the round went on without it' });
    const fault = `it did not answer in ${this.#options.cacheDeadlineMs} ms`;
    const deadline = setTimeout(() => giveUp({ failed: 'timed-out', fault }), this.#options.cacheDeadlineMs).unref();
    const life = setInterval(() => {
      order.movedUs = monotonicUs();
    }, SIGN_OF_LIFE_MS).unref();
    signal.addEventListener('abort', onAbort, { once: true });
    const answer = promise.then<AsyncAnswer, AsyncAnswer>(
      (claimed) => ({ claimed }),
      (reason: unknown) => ({ failed: 'rejected', fault: reason }),
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(deadline);
      clearInterval(life);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

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
