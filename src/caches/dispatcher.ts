import type { EvictionRequest } from '../core/eviction.js';
import { isAtLeast, worstLevel } from '../core/level.js';
import { COLLECT, emptyThreadControl, markOrderDone, readControl } from '../page/orders.js';
import { readLevel } from '../page/state-codec.js';
import type { CacheAccount } from './account.js';
import { Order, type OrderTools } from './order.js';
import { type AsyncAnswer, collectPayment, SLICE_US } from './payment.js';

/** How long an asynchronous cache may take before the round goes on without it. Source: ten times the 100 ms of a round. */
export const CACHE_DEADLINE_MS = 1000;

/** A payment on the loop that has not moved for this long is taken over by the cache operations of the blocked loop. */
const STALLED_US = 20_000;

/**
 * Between two slices that cache operations of a blocked loop pay: they may take a third of its time, unless there is none to lose: the order is to
 * collect in any case, or is from before `critical` was reached, and may stand in the way of the one that pays for it.
 */
const INLINE_PAUSE_US = 2 * SLICE_US;

/** So long the next order may take to come, where one left its collection to it. Source: bench/eviction, where it comes after 10 to 30 ms. */
const HANDOVER_US = 50_000;

/** While an asynchronous cache is waited for, the loop shows this often that it turns. */
const SIGN_OF_LIFE_MS = 5;

export interface DispatcherOptions {
  readonly threadRow: number;
  readonly cacheDeadlineMs: number;
  /** Monotonic µs. */
  readonly nowUs: () => number;
  /** The order was carried out; the receipts are on the page. */
  readonly onOrderDone: () => void;
}

/**
 * Carries out what the sampler ordered on the page: inside cache operations, whole in an emergency, else in slices when the loop is blocked or
 * there is no time to lose; on the loop, in slices, when it is free. Whoever comes first pays, once. Runs on the thread that owns the caches.
 */
export class Dispatcher {
  readonly #tools: OrderTools;
  readonly #options: DispatcherOptions;
  readonly #control = emptyThreadControl();
  #current: Order | null = null;
  #finished = 0;
  #nextInlineSliceUs = 0;
  /** When a collection comes that an order left to the next one; null: none was left. */
  #leftUntilUs: number | null = null;
  /** Rows of caches that were unregistered while an order was under way: their receipts count until the next one begins. */
  #keptRows: number[] = [];

  constructor(tools: OrderTools, options: DispatcherOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  /**
   * Pays what an order asks for inside the cache operation that looked: whole in an emergency, also one that came after the order, else one slice,
   * unless a driver on the loop is at it and there is time. Never waits: an asynchronous cache that is at work is left to that driver as long as the
   * loop turns, and gone on without where it does not.
   */
  payInline(): void {
    const order = this.#openOrder();
    if (order === null) {
      this.#collectLeft();
      return;
    }
    const nowUs = this.#options.nowUs();
    const { level, collect } = order.control;
    const levelNow = worstLevel(level, readLevel(this.#tools.words));
    const isDrivenElsewhere = nowUs - order.movedUs < STALLED_US;
    const isAnswerAwaited = order.promise !== null && isDrivenElsewhere;
    if (levelNow === 'emergency' && !isAnswerAwaited) {
      while (!this.#step(order));
      return;
    }
    const isUrgent = collect === COLLECT.always || order.isPaid;
    const isInTheWay = isAtLeast(levelNow, 'critical') && !isAtLeast(level, 'critical');
    const isPausing = !isInTheWay && nowUs < this.#nextInlineSliceUs;
    if (isAnswerAwaited || (!isUrgent && (isDrivenElsewhere || isPausing))) {
      this.#tools.tracker.lookAgain();
      return;
    }
    if (this.#step(order)) return;
    if (!order.isPaid) this.#nextInlineSliceUs = this.#options.nowUs() + INLINE_PAUSE_US;
    this.#tools.tracker.lookAgain();
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
    const { tracker, books, respectFloors } = this.#tools;
    let droppedBytes = 0;
    const steps = collectPayment(tracker, { demandBytes, respectFloors, request }, (account, { receipt, fault }) => {
      droppedBytes += receipt.evictedBytes;
      books.book(account, { ...receipt, fault });
    });
    tracker.undisturbed(() => {
      for (const promise of steps) promise?.catch(() => undefined); // nobody waits for it
    });
    return droppedBytes;
  }

  /** Whether an order is under way. */
  get isBusy(): boolean {
    return this.#current !== null;
  }

  /** Whether a collection is the next step of the order under way. */
  get isAboutToCollect(): boolean {
    return this.#current?.isPaid === true;
  }

  /** Whether the pace waits: an order is being paid, without an asynchronous cache to wait for, or has left its collection to the next one. */
  get holdsPace(): boolean {
    return this.#current === null ? this.#leftUntilUs !== null : this.#current.promise === null;
  }

  /** Takes a cache out of the books; its row is kept while the order under way may still need its receipt. */
  close(account: CacheAccount): void {
    const keepRow = this.#current !== null && account.open;
    if (keepRow) this.#keptRows.push(account.row);
    this.#tools.tracker.close(account, keepRow);
  }

  /** Ends what is going on: the runtime stops, or the thread detaches. */
  abort(): void {
    this.#current?.abort();
    this.#current = null;
    this.#leftUntilUs = null;
    this.#releaseKeptRows();
  }

  #releaseKeptRows(): void {
    for (const row of this.#keptRows.splice(0)) this.#tools.tracker.release(row);
  }

  /** The order to work on: the one begun, or a new one from the page; null when there is nothing to pay. */
  #openOrder(): Order | null {
    if (!readControl(this.#tools.words, this.#options.threadRow, this.#control)) {
      this.#tools.tracker.lookAgain();
      return this.#current;
    }
    const { order: number } = this.#control;
    if (this.#current !== null && this.#current.number !== number) {
      this.#current.abort(); // passed over by the sampler: its share went to others
      this.#current = null;
    }
    if (this.#current !== null || number === this.#finished || number === 0) return this.#current;
    this.#releaseKeptRows();
    this.#current = new Order(this.#tools, { ...this.#control });
    if (this.#current.collects) this.#leftUntilUs = null;
    return this.#current;
  }

  /** Has the collection that was left to the next order, where none has come that collects. */
  #collectLeft(): void {
    if (this.#leftUntilUs === null) return;
    if (this.#options.nowUs() < this.#leftUntilUs) {
      this.#tools.tracker.lookAgain();
      return;
    }
    this.#leftUntilUs = null;
    this.#tools.collector.collect();
  }

  #step(order: Order, answer?: AsyncAnswer): boolean {
    if (!order.step(answer)) return false;
    this.#current = null;
    this.#finished = order.number;
    if (order.leavesCollection) this.#leftUntilUs = this.#options.nowUs() + HANDOVER_US;
    if (this.#leftUntilUs !== null) this.#tools.tracker.lookAgain();
    this.#tools.books.publish();
    markOrderDone(this.#tools.words, this.#options.threadRow, order.number);
    this.#options.onOrderDone();
    return true;
  }

  /** Goes on with an order on the loop until it is finished, whoever finishes it. */
  async #driveOnLoop(order: Order): Promise<void> {
    order.driven = true;
    while (this.#current === order) {
      order.movedUs = this.#options.nowUs();
      const { promise, turn } = order;
      let answer: AsyncAnswer | undefined;
      if (promise !== null) {
        answer = await this.#answerInTime(order, promise);
        if (this.#current !== order) break;
        if (order.turn !== turn) continue; // a cache operation went on without the answer
      }
      if (this.#step(order, answer)) break;
      if (order.promise === null) await nextTurn();
    }
    order.driven = false;
  }

  /** What an asynchronous cache answered, or how it failed to. The timers do not keep the process alive. */
  async #answerInTime(order: Order, promise: Promise<number>): Promise<AsyncAnswer> {
    const { signal } = order;
    let giveUp: (answer: AsyncAnswer) => void = () => undefined;
    const late = new Promise<AsyncAnswer>((resolve) => {
      giveUp = resolve;
    });
    const onAbort = () => giveUp({ failed: 'timed-out', fault: 'the round went on without it' });
    const fault = `it did not answer in ${this.#options.cacheDeadlineMs} ms`;
    const deadline = setTimeout(() => giveUp({ failed: 'timed-out', fault }), this.#options.cacheDeadlineMs).unref();
    const life = setInterval(() => {
      order.movedUs = this.#options.nowUs();
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

/** A turn of the event loop, in which timers and I/O get their chance. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
