import type { ThreadCpuClock } from '../sources/thread-cpu.js';

/** Reading the clock is a fair part of what a sample costs, so while samples come fast not each of them does it. */
const LEAST_READ_US = 50_000;

/** Adds up what sampling costs: by the thread's own CPU clock, and where there is none by the time that samples took. µs. */
export class CpuAccount {
  readonly #clock: ThreadCpuClock | null;
  #totalUs: number;
  #clockUs: number | null;
  /** Time that samples took since the clock was read, and when that was, monotonic µs. */
  #busyUs = 0;
  #readUs = Number.NEGATIVE_INFINITY;
  /** What the thread had done beside sampling by then, µs. */
  #asideUs = 0;

  /**
   * @param clock of the sampler's own thread; null where it has none, or shares the thread with the application.
   * @param startUs what earlier samplers of the same runtime used.
   */
  constructor(clock: ThreadCpuClock | null, startUs: number) {
    this.#clock = clock;
    this.#totalUs = startUs;
    this.#clockUs = clock?.readUs() ?? null;
  }

  /**
   * What was used so far, as of at most 50 ms ago; never falls.
   * @param busyUs how long the sample before took by the wall clock: an upper bound of what it used.
   * @param asideUs what the thread did beside sampling so far, not in `busyUs`; at most the time that it took by the wall clock.
   */
  update(nowUs: number, busyUs: number, asideUs: number): number {
    this.#busyUs += busyUs;
    if (nowUs - this.#readUs < LEAST_READ_US) return this.#totalUs;
    const clockUs = this.#clock?.readUs() ?? null;
    this.#totalUs +=
      clockUs === null || this.#clockUs === null
        ? this.#busyUs
        : Math.max(0, clockUs - this.#clockUs - (asideUs - this.#asideUs));
    this.#clockUs = clockUs;
    this.#busyUs = 0;
    this.#readUs = nowUs;
    this.#asideUs = asideUs;
    return this.#totalUs;
  }

  close(): void {
    this.#clock?.close();
  }
}
