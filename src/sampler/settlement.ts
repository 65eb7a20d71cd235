import type { EvictionReport } from '../core/eviction.js';
import type { Gauge, RoundResult } from './rounds.js';

/** A round is measured this long after its end: freed pages reach the kernel within a few milliseconds of a collection. */
const SETTLE_MS = 50;

/** Without a collection the relief cannot be seen; after this long the measured fall is taken for what it is. */
const MOST_WAIT_MS = 10_000;

/** Less relief than this share of what was dropped counts as none. Source: the design, policy 4. */
const FUTILE_SHARE = 0.25;

/** What a round was measured by, as last read, bytes; null: it is not known any more. */
export type UsedBytesOf = (gauge: Gauge) => number | null;

interface Pending {
  readonly result: RoundResult;
  readonly endMs: number;
}

/** Waits until the relief of ended rounds can be measured, and completes their reports. Pure but for its queue. */
export class Settlement {
  readonly #pending: Pending[] = [];

  add(result: RoundResult, endMs: number): void {
    this.#pending.push({ result, endMs });
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /**
   * When the next measurement is due, monotonic ms; null: none is. One that waits for a collection is not hurried: it is made with
   * whatever sample comes after it.
   */
  dueMs(nowMs: number): number | null {
    const first = this.#pending[0];
    if (first === undefined) return null;
    const measuredMs = first.endMs + SETTLE_MS;
    return nowMs < measuredMs ? measuredMs : first.endMs + MOST_WAIT_MS;
  }

  /**
   * The reports that can be completed with the usage measured now.
   * @param usedBytesOf what a gauge shows now; `uncollectedBytes`: evicted, but not seen collected.
   */
  settle(nowMs: number, usedBytesOf: UsedBytesOf, uncollectedBytes: number): EvictionReport[] {
    const settled: EvictionReport[] = [];
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const waitedMs = nowMs - first.endMs;
      const visible = waitedMs >= SETTLE_MS && (uncollectedBytes === 0 || waitedMs >= MOST_WAIT_MS);
      if (first.result.report.evictedBytes > 0 && !visible) break;
      this.#pending.shift();
      settled.push(complete(first.result, usedBytesOf));
    }
    return settled;
  }

  /** Completes whatever is open, with the usage measured last: the runtime stops. */
  flush(usedBytesOf: UsedBytesOf): EvictionReport[] {
    return this.#pending.splice(0).map(({ result }) => complete(result, usedBytesOf));
  }
}

function complete({ report, before }: RoundResult, usedBytesOf: UsedBytesOf): EvictionReport {
  const usedBytes = usedBytesOf(before);
  if (usedBytes === null) return report; // the resource has no reading any more: nobody will know
  const returnedBytes = Math.max(0, before.usedBytes - usedBytes);
  const futile = report.evictedBytes > 0 && returnedBytes < FUTILE_SHARE * report.evictedBytes;
  return { ...report, returnedBytes, verdict: futile ? 'futile' : report.verdict };
}
