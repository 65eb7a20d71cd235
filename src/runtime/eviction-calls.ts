import type { EvictionReport } from '../core/eviction.js';
import { type Level, worstLevel } from '../core/level.js';

/** What the calls that one round serves want together. */
interface Target {
  /** The largest of their targets. */
  bytes: number;
  /** The worst level that any of them named; null: that of the moment. */
  level: Level | null;
}

interface Flight {
  readonly target: Target;
  readonly report: Promise<EvictionReport>;
}

/**
 * Joins calls of `evict()` that come together into one round: the largest target counts, not the sum. A call that comes while a round
 * is under way is served by it where its target is no larger, and else by a second round for the rest. One for each holder of a runtime.
 */
export class EvictionCalls {
  readonly #send: (bytes: number, level: Level | null) => Promise<EvictionReport>;
  #flying: Flight | null = null;
  /** Not sent yet: takes in whatever still comes. */
  #gathering: Flight | null = null;

  constructor(send: (bytes: number, level: Level | null) => Promise<EvictionReport>) {
    this.#send = send;
  }

  evict(bytes: number, level: Level | null): Promise<EvictionReport> {
    if (this.#flying !== null && bytes <= this.#flying.target.bytes) return this.#flying.report;
    this.#gathering ??= this.#gather({ bytes, level });
    const { target, report } = this.#gathering;
    target.bytes = Math.max(target.bytes, bytes);
    if (level !== null) target.level = target.level === null ? level : worstLevel(target.level, level);
    return report;
  }

  /** A flight that starts when the calls of this turn have come and the round under way has ended. */
  #gather(target: Target): Flight {
    const before = this.#flying?.report.then(
      (report) => report.evictedBytes,
      () => 0, // that it failed was told to those who called for it
    );
    const flight: Flight = { target, report: Promise.resolve(before).then((bytes = 0) => this.#fly(flight, bytes)) };
    return flight;
  }

  async #fly(flight: Flight, evictedBytes: number): Promise<EvictionReport> {
    this.#flying = flight;
    this.#gathering = null;
    try {
      return await this.#send(Math.max(0, flight.target.bytes - evictedBytes), flight.target.level);
    } finally {
      if (this.#flying === flight) this.#flying = null;
    }
  }
}
