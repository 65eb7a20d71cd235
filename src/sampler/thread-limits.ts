import { splitCap } from '../core/cap-split.js';
import type { Settings } from '../core/settings.js';
import { MIB } from '../core/units.js';
import { ringThread } from '../page/bell.js';
import { rowsWithCaches, threadCacheBytes } from '../page/cache-rows.js';
import { emptyThreadControl, readControl, writeControl } from '../page/orders.js';
import { bumpEpoch } from '../page/page.js';
import type { Rounds } from './rounds.js';
import type { ThreadHeapWatch } from './thread-heaps.js';

/** So long after a joint round no thread is opened room at the cost of others, who just gave; but after so much longer in any case. */
const OPENING_PAUSE_MS = 1000;
const MOST_OPENING_PAUSE_MS = 5000;

/** More often than this a collection finds too little to be worth its time. */
const LEAST_PACE_BYTES = 8 * MIB;

/**
 * What the caches of each thread may hold, and how often it collects, in its control block: its part of what all may hold, or what its own heap
 * allows. Runs where the sampler runs.
 */
export class ThreadLimits {
  readonly #words: Int32Array;
  readonly #collects: boolean;
  readonly #rounds: Rounds;
  readonly #control = emptyThreadControl();
  /** For what all threads share; null: none. */
  readonly joint: { capBytes: number | null; paceBytes: number | null } = { capBytes: null, paceBytes: null };
  /** When the caches of all threads last began to give, and when the cap was last split so that late threads come to a part of it. */
  #gaveMs = Number.NEGATIVE_INFINITY;
  #openedMs = Number.NEGATIVE_INFINITY;

  constructor(words: Int32Array, { collectGarbage }: Settings, rounds: Rounds) {
    this.#words = words;
    this.#collects = collectGarbage !== 'never';
    this.#rounds = rounds;
  }

  /** A joint round begins, the first after a while or one of many. */
  gives(nowMs: number): void {
    if (nowMs - this.#gaveMs >= OPENING_PAUSE_MS) this.#openedMs = nowMs;
    this.#gaveMs = nowMs;
  }

  /** Writes them where they changed. @param heaps with limits of their own. */
  write(nowMs: number, heaps: readonly ThreadHeapWatch[]): void {
    const threadRows = rowsWithCaches(this.#words);
    const heapOf = (row: number) => heaps.find((heap) => heap.rows.includes(row));
    const claims = threadRows.map((row) => {
      const heldBytes = threadCacheBytes(this.#words, row);
      const leftBytes = this.#rounds.leftOf(row, heldBytes); // or all would give by their caps what some give by their orders
      return { heldBytes, leftBytes, mostBytes: heapOf(row)?.capBytes ?? Number.POSITIVE_INFINITY };
    });
    const { capBytes } = this.joint;
    const opens = nowMs - this.#gaveMs >= OPENING_PAUSE_MS || nowMs - this.#openedMs >= MOST_OPENING_PAUSE_MS;
    if (opens) this.#openedMs = nowMs;
    const parts = capBytes === null ? null : splitCap(claims, capBytes, opens);
    let changed = false;
    for (const [index, row] of threadRows.entries()) {
      const mostBytes = claims[index]?.mostBytes ?? Number.POSITIVE_INFINITY;
      const threadCap = Math.min(parts?.[index] ?? Number.POSITIVE_INFINITY, mostBytes);
      const limits = {
        capBytes: Number.isFinite(threadCap) ? Math.max(0, Math.floor(threadCap)) : -1,
        paceBytes: this.#paceBytesOf(heapOf(row), threadRows.length),
      };
      if (!readControl(this.#words, row, this.#control)) continue;
      const { capBytes: capBefore, paceBytes: paceBefore } = this.#control;
      if (capBefore === limits.capBytes && paceBefore === limits.paceBytes) continue;
      writeControl(this.#words, row, { ...this.#control, ...limits }, []);
      if (limits.capBytes >= 0 && limits.capBytes < (claims[index]?.heldBytes ?? 0)) ringThread(this.#words, row);
      changed = true;
    }
    if (changed) bumpEpoch(this.#words);
  }

  /** @returns -1 where nothing sets a pace. */
  #paceBytesOf(heap: ThreadHeapWatch | undefined, threads: number): number {
    if (!this.#collects) return -1;
    const joint = this.joint.paceBytes; // what floats dead in all threads together is what counts against the limit
    const part = joint === null ? null : Math.max(LEAST_PACE_BYTES, joint / threads);
    const paces = [part, heap?.paceBytes ?? null].filter((pace) => pace !== null);
    return paces.length === 0 ? -1 : Math.floor(Math.min(...paces));
  }
}
