import type { EvictionReport, EvictionReportWithSettlement } from '../core/eviction.js';

/** A report that waits for its measured outcome. */
interface PendingSettlement {
  readonly report: EvictionReport;
  readonly promise: Promise<EvictionReport>;
  readonly resolve: (report: EvictionReport) => void;
}

/** The promises of what rounds of eviction turn out to have returned; of one thread. */
export class Settlements {
  readonly #pending = new Map<number, PendingSettlement>();
  #closed = false;

  /** Whether any outcome is still to come. */
  get areAwaited(): boolean {
    return this.#pending.size > 0;
  }

  /** The report with the promise of its settlement: the same promise for the event and for the caller of `evict()`. */
  promise(report: EvictionReport): EvictionReportWithSettlement {
    let settlement = this.#pending.get(report.id);
    if (settlement === undefined) {
      settlement = openSettlement(report);
      if (report.returnedBytes !== null || this.#closed) settlement.resolve(report);
      else this.#pending.set(report.id, settlement);
    }
    const settled = { value: settlement.promise, enumerable: false };
    return Object.freeze(Object.defineProperty({ ...report }, 'settled', settled)) as EvictionReportWithSettlement;
  }

  /** The outcome was measured. */
  settle(report: EvictionReport): void {
    this.#pending.get(report.id)?.resolve(report);
    this.#pending.delete(report.id);
  }

  /** No outcome is measured any more: what is promised, now or later, ends as it is. */
  close(): void {
    this.#closed = true;
    for (const { report, resolve } of this.#pending.values()) resolve(report);
    this.#pending.clear();
  }
}

function openSettlement(report: EvictionReport): PendingSettlement {
  let resolve: (report: EvictionReport) => void = () => undefined;
  const promise = new Promise<EvictionReport>((settle) => {
    resolve = (final) => settle(Object.freeze(final));
  });
  return { report, promise, resolve };
}
