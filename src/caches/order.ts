import type { EvictionRequest } from '../core/eviction.js';
import { isAtLeast } from '../core/level.js';
import { COLLECT, loadDebt, markTaken, type Receipt, type ThreadControl, writeReceipt } from '../page/orders.js';
import { readLevel } from '../page/state-codec.js';
import type { CacheAccount } from './account.js';
import { COLLECTION_DUTY, type Collector } from './collection.js';
import type { EvictionBooks } from './eviction-books.js';
import { type AsyncAnswer, collectPayment, type PaymentTerms, type Step } from './payment.js';
import type { Tracker } from './tracker.js';

/** Collections in an emergency may take this share of wall time: dying of garbage is worse than collecting it. */
const EMERGENCY_DUTY = 0.5;

/** An order is paid in so many parts at the most, each collected, and counts once for the duty: the last takes what is left. */
const MOST_PARTS = 3;

/** What orders are carried out with. */
export interface OrderTools {
  readonly words: Int32Array;
  readonly tracker: Tracker;
  readonly collector: Collector;
  readonly books: EvictionBooks;
  readonly respectFloors: boolean;
}

/**
 * An order being carried out, step by step: slices of what the caches owe, then the collection, each in a step of its own, since no turn of the loop
 * should have to bear both. Where a collection would find a heap all but empty, there is one before the last of it is dropped, too. Runs on the thread that
 * owns the caches.
 */
export class Order {
  readonly control: ThreadControl;
  readonly #tools: OrderTools;
  readonly #abort = new AbortController();
  readonly #receipts = new Map<CacheAccount, Receipt>();
  /** Whether a collection ends it, and each part of it. */
  readonly collects: boolean;
  #steps: Step;
  #isPaid: boolean;
  /** What is to be dropped after the next collection, and all that is still to be dropped, bytes. */
  #laterBytes: number;
  #owedBytes: number;
  #parts = 1;
  #turn = 0;
  /** The asynchronous cache that is at work, null: none is. */
  promise: Promise<number> | null = null;
  /** True while a driver on the loop is at it. */
  driven = false;
  /** True where the collection that should end it is left to whoever comes next. */
  leavesCollection = false;
  /** When that driver last showed that the loop turns, monotonic µs: with each of its steps, and while it waits. */
  movedUs = 0;

  constructor(tools: OrderTools, control: ThreadControl) {
    this.control = control;
    this.#tools = tools;
    this.#owedBytes = this.#takeDebts();
    this.collects = this.#isToCollect();
    const partBytes = this.#isInParts() ? this.#partOf(this.#owedBytes) : this.#owedBytes;
    this.#laterBytes = this.#owedBytes - partBytes;
    this.#steps = this.#pay(partBytes);
    this.#isPaid = partBytes === 0;
    tools.tracker.setOwed(this.#owedBytes);
  }

  get number(): number {
    return this.control.order;
  }

  /** Counts the steps: a driver that finds it changed after a wait was overtaken by a cache operation. */
  get turn(): number {
    return this.#turn;
  }

  /** Whether all is dropped that is to be dropped before the next collection. */
  get isPaid(): boolean {
    return this.#isPaid;
  }

  /** Aborted where it is not gone on with. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @returns true when it was the last step. */
  step(answer?: AsyncAnswer): boolean {
    this.#turn++;
    if (!this.#isPaid) {
      this.#advance(answer);
      if (!this.#isPaid || this.collects) return false;
    } else {
      this.leavesCollection = this.collects && this.#laterBytes === 0 && this.#isOvertaken();
      const hasCollected = this.collects && !this.leavesCollection && this.#tools.collector.collect();
      if (this.#laterBytes > 0) {
        const isLast = ++this.#parts === MOST_PARTS || !hasCollected;
        const partBytes = isLast ? this.#laterBytes : this.#partOf(this.#laterBytes);
        this.#laterBytes -= partBytes;
        this.#steps = this.#pay(partBytes);
        this.#isPaid = false;
        return false;
      }
    }
    this.#tools.tracker.setOwed(0);
    return true;
  }

  /** The order counts no more: what is left of it goes to others, or nobody. */
  abort(): void {
    this.#abort.abort();
    this.#tools.tracker.setOwed(0);
  }

  /** Says that the caches began to pay. @returns what they owe, bytes. */
  #takeDebts(): number {
    const { words, tracker } = this.#tools;
    let owedBytes = 0;
    for (const { row } of tracker.accounts) {
      const debtBytes = loadDebt(words, row, this.number);
      if (debtBytes > 0) markTaken(words, row, this.number);
      owedBytes += debtBytes;
    }
    return owedBytes;
  }

  /** What may be dropped of so much before the next collection. */
  #partOf(bytes: number): number {
    const { collector, tracker } = this.#tools;
    return Math.min(bytes, collector.mostDroppedBytes(tracker.totalBytes));
  }

  #pay(demandBytes: number): Step {
    const { tracker, respectFloors, books, words } = this.#tools;
    const { level, cause, round } = this.control;
    const request: EvictionRequest = { level, cause, round, signal: this.#abort.signal };
    const terms: PaymentTerms = { demandBytes, respectFloors, request };
    return collectPayment(tracker, terms, (account, { receipt, fault }) => {
      const sum = addReceipts(this.#receipts.get(account), receipt);
      this.#receipts.set(account, sum);
      books.book(account, { ...receipt, fault });
      writeReceipt(words, account.row, this.number, sum);
    });
  }

  /** Goes on with a payment; what the caches' own callbacks do meanwhile starts nothing new. */
  #advance(answer: AsyncAnswer | undefined): void {
    const { tracker } = this.#tools;
    const bytesBefore = tracker.totalBytes;
    const result = tracker.undisturbed(() => this.#steps.next(answer));
    this.#isPaid = result.done === true;
    this.promise = result.done === true ? null : result.value;
    this.promise?.catch(() => undefined); // whoever waits sees the rejection; who does not must not crash the process
    this.#owedBytes = Math.max(0, this.#owedBytes - Math.max(0, bytesBefore - tracker.totalBytes));
    tracker.setOwed(this.promise === null ? this.#owedBytes : 0); // nobody sees what an asynchronous cache drops meanwhile
  }

  #isToCollect(): boolean {
    const { collect, level } = this.control;
    const duty = level === 'emergency' ? EMERGENCY_DUTY : COLLECTION_DUTY;
    return collect === COLLECT.always || (collect === COLLECT.ifDue && this.#tools.collector.isDue(duty));
  }

  /**
   * Whether it is from below `critical`, which is reached: the order that pays for that waits for this one, and collects what both have dropped. A brief
   * collection is no matter, and what it returns need not be paid. Where no cache was asked, the order is for the collection alone.
   */
  #isOvertaken(): boolean {
    const { words, collector } = this.#tools;
    if (this.#receipts.size === 0 || isAtLeast(this.control.level, 'critical')) return false;
    return readLevel(words) === 'critical' && !collector.isBrief;
  }

  /** A user's cache is asked once: it may take long, or fail. */
  #isInParts(): boolean {
    const { accounts } = this.#tools.tracker;
    return this.control.inHeap && this.collects && accounts.every(({ adapter }) => adapter.kind !== 'evictable');
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
