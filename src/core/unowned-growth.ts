import { MIB } from './units.js';

const MINUTE_MS = 60_000;

/** A minute counts as rising when its lowest value is this much above the lowest of the minute before. Source: idle RSS drifts by less. */
const LEAST_RISE_BYTES = MIB;

/** How memory that no cache owns has been growing. */
export interface UnownedGrowth {
  /** Whole minutes in a row in which it rose. */
  readonly risingMinutes: number;
  /** By how much, over those minutes. */
  readonly risenBytes: number;
}

/**
 * Tells a leak from a busy process: follows the lowest value of each minute (what is left when garbage is gone) of the memory
 * that no registered cache owns. Fixed memory; the time is the caller's, monotonic.
 */
export class UnownedGrowthWatch {
  #minute = Number.NEGATIVE_INFINITY;
  #lowestBytes = 0;
  #lastLowestBytes: number | null = null;
  #risingMinutes = 0;
  #risenBytes = 0;

  /** @param unownedBytes resident set less what the caches hold. */
  observe(nowMs: number, unownedBytes: number): UnownedGrowth {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.#minute) {
      this.#lowestBytes = Math.min(this.#lowestBytes, unownedBytes);
    } else {
      if (Number.isFinite(this.#minute)) this.#closeMinute();
      this.#minute = minute;
      this.#lowestBytes = unownedBytes;
    }
    return { risingMinutes: this.#risingMinutes, risenBytes: this.#risenBytes };
  }

  #closeMinute(): void {
    const riseBytes = this.#lastLowestBytes === null ? 0 : this.#lowestBytes - this.#lastLowestBytes;
    const rising = riseBytes >= LEAST_RISE_BYTES;
    this.#risingMinutes = rising ? this.#risingMinutes + 1 : 0;
    this.#risenBytes = rising ? this.#risenBytes + riseBytes : 0;
    this.#lastLowestBytes = this.#lowestBytes;
  }
}
