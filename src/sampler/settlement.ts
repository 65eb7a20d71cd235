import { TIMER_EARLY_MS } from '../core/cadence.js';
import type { EvictionReport } from '../core/eviction.js';
import type { Gauge, RoundResult } from './rounds.js';

/** From the end of a round to the first look, and from one to the next: freed pages reach the kernel within 70 ms. Source: bench/eviction. */
const LOOK_MS = 50;

/** What has not come back so long after it was seen collected is kept: by the allocator for reuse, or by others who took it. */
const MOST_LOOKED_MS = 200;

/** Without a collection the relief cannot be seen; after this long the measured fall is taken for what it is. */
const MOST_WAIT_MS = 10_000;

/** With this share of what was dropped, all is back that is worth another look. */
const RETURNED_SHARE = 0.9;

/** Less relief than this share of what was dropped counts as none. Source: the design, policy 4. */
const FUTILE_SHARE = 0.25;

/** A use as it was read last, bytes, and when that was, monotonic ms. */
export interface Used {
  readonly usedBytes: number;
  readonly readMs: number;
}

/** What a round was measured by, as last read; null: it is not known any more. */
export type UsedOf = (gauge: Gauge) => Used | null;

interface Pending {
  readonly result: RoundResult;
  readonly endMs: number;
  readonly isCollected: () => boolean;
  /** When what the round dropped was first seen collected, null: it was not. */
  collectedMs: number | null;
}

/** Waits until the relief of ended rounds can be measured, and completes their reports. Pure but for its queue and what it is given to ask. */
export class Settlement {
  #pending: Pending[] = [];
  /** Up to when looks were made, monotonic ms. */
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** @param isCollected whether what the round dropped was collected by now, as far as is known. */
  add(result: RoundResult, endMs: number, isCollected: () => boolean): void {
    this.#pending.push({ result, endMs, isCollected, collectedMs: null });
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** What rounds dropped that was collected at least so long ago, and may still be on its way back; bytes. */
  collectedBytes(nowMs: number, agoMs = 0): number {
    let bytes = 0;
    for (const { collectedMs, result } of this.#pending) {
      if (collectedMs !== null && nowMs - collectedMs >= agoMs) bytes += result.report.evictedBytes;
    }
    return bytes;
  }

  /**
   * When the next look is due, monotonic ms; null: none is. The oldest round whose relief is coming is looked after, and the others with it,
   * so that many rounds cost no more looks than one. A round that waits for a collection is not hurried: it is looked at with whatever sample
   * comes.
   */
  dueMs(nowMs: number): number | null {
    return this.#dueAfter(nowMs + TIMER_EARLY_MS);
  }

  /** Whether a sample now is such a look: a use that was read before it says nothing. */
  isLookDue(nowMs: number): boolean {
    const dueMs = this.#dueAfter(this.#lookedMs);
    return dueMs !== null && dueMs <= nowMs + TIMER_EARLY_MS;
  }

  /** The reports that can be completed with what is known now. */
  settle(nowMs: number, usedOf: UsedOf): EvictionReport[] {
    this.#lookedMs = nowMs + TIMER_EARLY_MS;
    const settled: EvictionReport[] = [];
    this.#pending = this.#pending.filter((round) => {
      if (round.collectedMs === null && round.isCollected()) round.collectedMs = nowMs;
      const used = usedOf(round.result.before);
      if (!isOver(round, nowMs, used)) return true;
      settled.push(complete(round, used));
      return false;
    });
    return settled;
  }

  /** Completes whatever is open, with what was read last: the runtime stops. */
  flush(usedOf: UsedOf): EvictionReport[] {
    return this.#pending.splice(0).map((round) => complete(round, usedOf(round.result.before)));
  }

  #dueAfter(afterMs: number): number | null {
    for (const { endMs, collectedMs } of this.#pending) {
      const looks = Math.max(0, Math.floor((afterMs - endMs) / LOOK_MS)) + 1;
      const lookMs = endMs + looks * LOOK_MS;
      if (lookMs < (collectedMs ?? endMs) + MOST_LOOKED_MS + LOOK_MS) return lookMs;
    }
    const [first] = this.#pending;
    return first === undefined ? null : first.endMs + MOST_WAIT_MS;
  }
}

/** Whether nothing more is to be waited for. What was read counts from when it was read. */
function isOver({ result, endMs, collectedMs }: Pending, nowMs: number, used: Used | null): boolean {
  const { report, before } = result;
  if (report.evictedBytes === 0 || nowMs + TIMER_EARLY_MS >= endMs + MOST_WAIT_MS) return true;
  const readMs = (used === null ? nowMs : used.readMs) + TIMER_EARLY_MS;
  if (collectedMs !== null && readMs >= collectedMs + MOST_LOOKED_MS) return true;
  if (used === null || readMs < endMs + LOOK_MS) return false;
  return before.usedBytes - used.usedBytes >= RETURNED_SHARE * report.evictedBytes;
}

/** A use that was read before the round ended, or is not known any more, leaves open what came back. */
function complete({ result: { report, before }, endMs }: Pending, used: Used | null): EvictionReport {
  if (report.evictedBytes === 0 || used === null || used.readMs <= endMs) return report;
  const returnedBytes = Math.max(0, before.usedBytes - used.usedBytes);
  const futile = returnedBytes < FUTILE_SHARE * report.evictedBytes;
  return { ...report, returnedBytes, verdict: futile ? 'futile' : report.verdict };
}
