import { type Level, levelCode, levelFromCode } from '../core/level.js';
import { RESOURCES, type Resource } from '../core/resource.js';
import { CACHE, cacheOffset, THREAD, THREAD_ROWS, threadOffset } from './layout.js';
import { threadOwner } from './thread-rows.js';
import { loadWide, readUnderSequence, repairSequence, storeWide, writeUnderSequence } from './wide.js';

/** Whether a thread collects after an order: never, if its duty allows, or in any case. */
export const COLLECT = { never: 0, ifDue: 1, always: 2 } as const;
export type CollectMode = (typeof COLLECT)[keyof typeof COLLECT];

/** Added to the mode, in the same word. */
const IN_HEAP = 4;

/** How a cache came out of a round; the index is the wire code. */
export const OUTCOMES = ['ok', 'threw', 'rejected', 'timed-out', 'lied', 'gone', 'quarantined', 'not-reached'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What the sampler wants of one thread. */
export interface ThreadControl {
  /** Number of the order, 0: none yet. Rows of the thread's caches that carry it owe bytes. */
  order: number;
  /** The round that the order belongs to, as `EvictionReport.id`; 0: none. */
  round: number;
  level: Level;
  cause: Resource | null;
  collect: CollectMode;
  /** What the caches hold is in V8's heap: it must not be emptied in one go. */
  inHeap: boolean;
  /** Joint bytes that the thread's caches may hold; -1: no cap. */
  capBytes: number;
  /** Collect whenever this many bytes were evicted since the last collection; -1: do not. */
  paceBytes: number;
}

const NO_CONTROL: Readonly<ThreadControl> = {
  order: 0,
  round: 0,
  level: 'normal',
  cause: null,
  collect: COLLECT.never,
  inHeap: false,
  capBytes: -1,
  paceBytes: -1,
};

export function emptyThreadControl(): ThreadControl {
  return { ...NO_CONTROL };
}

/** A cache's share of an order. */
export interface Debt {
  readonly row: number;
  readonly owedBytes: number;
}

/**
 * Writes what the caches of one thread owe, then the thread's control block that makes it count, for the owner that the row has now.
 * Sampler only. Partner: `readControl` and `loadDebt`: a debt is valid only under the order number that both carry.
 */
export function writeControl(
  words: Int32Array,
  threadRow: number,
  control: ThreadControl,
  debts: readonly Debt[],
): void {
  const at = threadOffset(threadRow);
  writeUnderSequence(words, at + THREAD.CONTROL_SEQUENCE, () => {
    for (const debt of debts) {
      storeWide(words, cacheOffset(debt.row) + CACHE.OWED, debt.owedBytes);
      Atomics.store(words, cacheOffset(debt.row) + CACHE.ORDER, control.order);
    }
    Atomics.store(words, at + THREAD.ORDER, control.order);
    Atomics.store(words, at + THREAD.ORDER_ROUND, control.round);
    Atomics.store(words, at + THREAD.ORDER_LEVEL, levelCode(control.level));
    Atomics.store(words, at + THREAD.ORDER_CAUSE, control.cause === null ? -1 : RESOURCES.indexOf(control.cause));
    Atomics.store(words, at + THREAD.ORDER_COLLECT, control.collect | (control.inHeap ? IN_HEAP : 0));
    storeWide(words, at + THREAD.CAP, control.capBytes);
    storeWide(words, at + THREAD.PACE, control.paceBytes);
    Atomics.store(words, at + THREAD.CONTROL_FOR, threadOwner(words, threadRow));
  });
}

/**
 * Takes over the control blocks from a sampler that is no more: repairs what it may have died in the middle of, also where the row is
 * free now, because blocks outlive the owners of their rows. Only for a sampler that starts.
 * @returns the highest order number in use.
 */
export function adoptOrders(words: Int32Array): number {
  let lastOrder = 0;
  for (let threadRow = 0; threadRow < THREAD_ROWS; threadRow++) {
    const at = threadOffset(threadRow);
    repairSequence(words, at + THREAD.CONTROL_SEQUENCE);
    lastOrder = Math.max(lastOrder, Atomics.load(words, at + THREAD.ORDER));
  }
  return lastOrder;
}

/**
 * What the sampler wants of the row's owner; nothing while it has only spoken to an earlier owner. The owning thread, or the sampler itself.
 * @returns false when it cannot be read now: look again at the next epoch.
 */
export function readControl(words: Int32Array, threadRow: number, into: ThreadControl): boolean {
  const at = threadOffset(threadRow);
  return readUnderSequence(words, at + THREAD.CONTROL_SEQUENCE, () => {
    if (Atomics.load(words, at + THREAD.CONTROL_FOR) !== threadOwner(words, threadRow)) {
      Object.assign(into, NO_CONTROL);
      return;
    }
    into.order = Atomics.load(words, at + THREAD.ORDER);
    into.round = Atomics.load(words, at + THREAD.ORDER_ROUND);
    into.level = levelFromCode(Atomics.load(words, at + THREAD.ORDER_LEVEL));
    into.cause = RESOURCES[Atomics.load(words, at + THREAD.ORDER_CAUSE)] ?? null;
    const collect = Atomics.load(words, at + THREAD.ORDER_COLLECT);
    into.collect = toCollectMode(collect & ~IN_HEAP);
    into.inHeap = (collect & IN_HEAP) !== 0;
    into.capBytes = loadWide(words, at + THREAD.CAP);
    into.paceBytes = loadWide(words, at + THREAD.PACE);
  });
}

/** Bytes that the cache owes under `order`; 0 when it owes none. Owner of the row. */
export function loadDebt(words: Int32Array, row: number, order: number): number {
  const at = cacheOffset(row);
  return Atomics.load(words, at + CACHE.ORDER) === order ? loadWide(words, at + CACHE.OWED) : 0;
}

/** Says that the cache began to pay, so that a slow payer is told from an absent one. Owner only. */
export function markTaken(words: Int32Array, row: number, order: number): void {
  Atomics.store(words, cacheOffset(row) + CACHE.TAKEN, order);
}

export function isTaken(words: Int32Array, row: number, order: number): boolean {
  return Atomics.load(words, cacheOffset(row) + CACHE.TAKEN) === order;
}

/** What a cache did under an order. Bytes, µs. */
export interface Receipt {
  readonly requestedBytes: number;
  readonly evictedBytes: number;
  readonly entries: number;
  readonly durationUs: number;
  readonly outcome: Outcome;
}

/** Writes the receipt of an order, again when it grew. Owner only. Partner: `loadReceipt`, under RECEIPT_SEQUENCE. */
export function writeReceipt(words: Int32Array, row: number, order: number, receipt: Receipt): void {
  const at = cacheOffset(row);
  writeUnderSequence(words, at + CACHE.RECEIPT_SEQUENCE, () => {
    storeWide(words, at + CACHE.PAID_ASKED, receipt.requestedBytes);
    storeWide(words, at + CACHE.PAID_EVICTED, receipt.evictedBytes);
    Atomics.store(words, at + CACHE.PAID_ENTRIES, receipt.entries);
    storeWide(words, at + CACHE.PAID_US, receipt.durationUs);
    Atomics.store(words, at + CACHE.PAID_OUTCOME, OUTCOMES.indexOf(receipt.outcome));
    Atomics.store(words, at + CACHE.PAID, order);
  });
}

/** The receipt for `order`, null while it is not paid. Sampler. */
export function loadReceipt(words: Int32Array, row: number, order: number): Receipt | null {
  const at = cacheOffset(row);
  let receipt: Receipt | null = null;
  const consistent = readUnderSequence(words, at + CACHE.RECEIPT_SEQUENCE, () => {
    receipt =
      Atomics.load(words, at + CACHE.PAID) === order
        ? {
            requestedBytes: loadWide(words, at + CACHE.PAID_ASKED),
            evictedBytes: loadWide(words, at + CACHE.PAID_EVICTED),
            entries: Atomics.load(words, at + CACHE.PAID_ENTRIES),
            durationUs: loadWide(words, at + CACHE.PAID_US),
            outcome: OUTCOMES[Atomics.load(words, at + CACHE.PAID_OUTCOME)] ?? 'threw',
          }
        : null;
  });
  return consistent ? receipt : null;
}

/** Says that every debt of the order was dealt with, and its collection done, or left to the next order. Owner only. */
export function markOrderDone(words: Int32Array, threadRow: number, order: number): void {
  Atomics.store(words, threadOffset(threadRow) + THREAD.ORDER_DONE, order);
}

export function isOrderDone(words: Int32Array, threadRow: number, order: number): boolean {
  return Atomics.load(words, threadOffset(threadRow) + THREAD.ORDER_DONE) === order;
}

function toCollectMode(word: number): CollectMode {
  return word === COLLECT.always || word === COLLECT.ifDue ? word : COLLECT.never;
}
