import type { EvictionReport } from '../core/eviction.js';
import type { RoundResult } from './rounds.js';

/** A round is measured this long after its end: freed pages reach the kernel within a few milliseconds of a collection. */
const SETTLE_MS = 50;

/** Without a collection the relief cannot be seen; after this long the measured fall is taken for what it is. */
const MOST_WAIT_MS = 10_000;

/** Less relief than this share of what was dropped counts as none. Source: the design, policy 4. */
const FUTILE_SHARE = 0.25;

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

  /** When the next measurement is due, monotonic ms; null: none is. */
  get dueMs(): number | null {
    return this.#pending[0] === undefined ? null : this.#pending[0].endMs + SETTLE_MS;
  }

  /**
   * The reports that can be completed with the usage measured now.
   * @param usedBytes of the resource that the rounds steered by; `uncollectedBytes`: evicted, but not seen collected.
   */
  settle(nowMs: number, usedBytes: number, uncollectedBytes: number): EvictionReport[] {
    const settled: EvictionReport[] = [];
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const waitedMs = nowMs - first.endMs;
      const visible = waitedMs >= SETTLE_MS && (uncollectedBytes === 0 || waitedMs >= MOST_WAIT_MS);
      if (first.result.report.evictedBytes > 0 && !visible) break;
      this.#pending.shift();
      settled.push(complete(first.result, usedBytes));
    }
    return settled;
  }

  /** Completes whatever is open, with the usage measured last: the runtime stops. */
  flush(usedBytes: number): EvictionReport[] {
    return this.#pending.splice(0).map(({ result }) => complete(result, usedBytes));
  }
}

function complete({ report, usedBefore }: RoundResult, usedBytes: number): EvictionReport {
  const returnedBytes = Math.max(0, usedBefore - usedBytes);
  const futile = report.evictedBytes > 0 && returnedBytes < FUTILE_SHARE * report.evictedBytes;
  return { ...report, returnedBytes, verdict: futile ? 'futile' : report.verdict };
}
