import type { ThreadCpuClock } from '../sources/thread-cpu.js';

/** Adds up what sampling costs: by the thread's own CPU clock, and where there is none by the time that samples took. µs. */
export class CpuAccount {
  readonly #clock: ThreadCpuClock | null;
  #totalUs: number;
  #clockUs: number | null;

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
   * Takes the time since the last call into account; never falls.
   * @param busyUs how long the samples since then took by the wall clock: an upper bound of what they used.
   */
  update(busyUs: number): number {
    const clockUs = this.#clock?.readUs() ?? null;
    this.#totalUs += clockUs === null || this.#clockUs === null ? busyUs : Math.max(0, clockUs - this.#clockUs);
    this.#clockUs = clockUs;
    return this.#totalUs;
  }

  close(): void {
    this.#clock?.close();
  }
}
