import type { EvictionReport } from '../core/eviction.js';
import type { Level } from '../core/level.js';

/** What a call of `evict()` asks for. */
export interface EvictDemand {
  readonly bytes: number;
  /** Null: that of now. */
  readonly level: Level | null;
}

interface Call {
  /** What is still to be evicted for it. */
  bytes: number;
  readonly level: Level | null;
  readonly resolve: (report: EvictionReport) => void;
}

/**
 * Calls of `evict()`: those that no round serves yet, and those that the round under way serves. Calls that come together are one round: the largest
 * demand counts, not the sum. Runs where the sampler runs.
 */
export class EvictCalls {
  readonly #waiting: Call[] = [];
  readonly #served: Call[] = [];
  #servedBytes = 0;

  /** @returns the report of the round that serves the call, which is the one under way where that is large enough. */
  add(bytes: number, level: Level | null): Promise<EvictionReport> {
    return new Promise((resolve) => {
      const isCovered = this.#served.length > 0 && bytes <= this.#servedBytes;
      (isCovered ? this.#served : this.#waiting).push({ bytes, level, resolve });
    });
  }

  /** All that wait are served by a round that begins now. @returns the largest demand of them; null: none waits. */
  serve(): EvictDemand | null {
    const calls = this.#waiting.splice(0);
    const [first, ...others] = calls;
    if (first === undefined) return null;
    const largest = others.reduce((most, call) => (call.bytes > most.bytes ? call : most), first);
    this.#served.push(...calls);
    this.#servedBytes = largest.bytes;
    return largest;
  }

  /** A round ended: those that it served are done, and what it evicted counts for those that wait, too. */
  end(report: EvictionReport): void {
    if (this.#served.length > 0) for (const call of this.#waiting) call.bytes -= report.evictedBytes;
    for (const call of this.#served.splice(0)) call.resolve(report);
  }

  /** No round comes any more: all calls end with what was done. */
  stop(report: EvictionReport): void {
    for (const call of [...this.#served.splice(0), ...this.#waiting.splice(0)]) call.resolve(report);
  }
}
