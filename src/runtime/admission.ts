import { describeValue, SpillwayError } from '../core/errors.js';
import { loadBell, ringSampler, waitForBell } from '../page/bell.js';
import { monotonicMs } from '../page/clock.js';
import { samplerPlace } from '../page/page.js';
import { drawPages, isNeedAnswered, ROOM_PAGE_BYTES, storeNeed, storeReserved } from '../page/room.js';
import type { ThreadClaim } from '../page/thread-rows.js';

/** How long a call may block for a fresh sample, and for a round of eviction. Source: a sample takes 0.1 ms, a round may take 100 ms. */
const SAMPLE_WAIT_MS = 25;
const ROUND_WAIT_MS = 100;

/** A refusal holds this long: asking in a loop must not keep the machine busy with samples and rounds. */
const REFUSAL_MS = 10;

/** Memory that was reserved and not released yet; bytes. Releasing twice does nothing. */
export interface Reservation {
  readonly bytes: number;
  release(): void;
  [Symbol.dispose](): void;
}

/** What admission needs of its thread. */
export interface AdmittedThread {
  /** Whether V8's heap of this thread could take so much more; a request that is larger than the whole heap is for memory outside it. */
  hasHeapRoom(bytes: number): boolean;
  /** Collects, where that is allowed and due. @returns whether it did. */
  collect(): boolean;
  /** Pays whatever an order on the page asks of this thread, at once. */
  payNow(): void;
}

/** Reservations of one thread. */
export class Admission {
  readonly #words: Int32Array;
  readonly #claim: ThreadClaim;
  readonly #thread: AdmittedThread;
  readonly #release = (bytes: number) => this.#changeReserved(-bytes);
  /** Drawn from the common room and not given out: less than a page. */
  #creditBytes = 0;
  #reservedBytes = 0;
  #refusedMs = Number.NEGATIVE_INFINITY;

  constructor(words: Int32Array, claim: ThreadClaim, thread: AdmittedThread) {
    this.#words = words;
    this.#claim = claim;
    this.#thread = thread;
  }

  /** Reserved and not released, bytes. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** O(1) while there is room; else blocks for at most `ROUND_WAIT_MS` and two samples. @returns null when it does not fit. */
  reserve(bytes: number): Reservation | null {
    if (!this.#thread.hasHeapRoom(bytes)) return null;
    if (!this.#draw(bytes) && !this.#makeRoom(bytes)) return null;
    this.#changeReserved(bytes);
    return new HeldReservation(bytes, this.#release);
  }

  #changeReserved(bytes: number): void {
    this.#reservedBytes += bytes;
    storeReserved(this.#words, this.#claim.row, Math.ceil(this.#reservedBytes));
  }

  #draw(bytes: number): boolean {
    if (bytes > this.#creditBytes) {
      const pages = Math.ceil((bytes - this.#creditBytes) / ROOM_PAGE_BYTES);
      if (!drawPages(this.#words, pages)) return false;
      this.#creditBytes += pages * ROOM_PAGE_BYTES;
    }
    this.#creditBytes -= bytes;
    return true;
  }

  /** What was released or freed since the last sample may be enough; then garbage; then what the caches hold. */
  #makeRoom(bytes: number): boolean {
    if (samplerPlace(this.#words) !== 'own-thread' || monotonicMs() - this.#refusedMs < REFUSAL_MS) return false;
    const fits =
      this.#drawAfter(bytes, 0, SAMPLE_WAIT_MS) ||
      (this.#thread.collect() && this.#drawAfter(bytes, 0, SAMPLE_WAIT_MS)) ||
      this.#drawAfter(bytes, bytes, ROUND_WAIT_MS);
    if (!fits) this.#refusedMs = monotonicMs();
    return fits;
  }

  /** Waits for the sampler, and pays meanwhile what it asks of this thread. */
  #drawAfter(bytes: number, neededBytes: number, waitMs: number): boolean {
    const { row } = this.#claim;
    const deadlineMs = monotonicMs() + waitMs;
    let heard = loadBell(this.#words, row);
    const ticket = storeNeed(this.#words, row, neededBytes);
    ringSampler(this.#words);
    while (!isNeedAnswered(this.#words, row, ticket)) {
      const leftMs = deadlineMs - monotonicMs();
      if (leftMs <= 0) break;
      waitForBell(this.#words, row, heard, leftMs);
      heard = loadBell(this.#words, row);
      this.#thread.payNow();
    }
    return this.#draw(bytes);
  }
}

class HeldReservation implements Reservation {
  readonly bytes: number;
  #release: ((bytes: number) => void) | null;

  constructor(bytes: number, release: (bytes: number) => void) {
    this.bytes = bytes;
    this.#release = release;
  }

  release(): void {
    this.#release?.(this.bytes);
    this.#release = null;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A reservation where nothing is sampled. */
export function freeReservation(bytes: number): Reservation {
  return new HeldReservation(bytes, () => undefined);
}

/** @throws SpillwayError ERR_SPILLWAY_ARGUMENT */
export function checkReservation(bytes: unknown): void {
  if (typeof bytes === 'number' && Number.isFinite(bytes) && bytes >= 0) return;
  throw new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected \`bytes\` to be a finite number >= 0, got ${describeValue(bytes)}`,
  );
}
