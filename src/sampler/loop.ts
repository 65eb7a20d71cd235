import { monotonicUs } from '../page/clock.js';
import type { Sampler } from './sampler.js';

/**
 * Takes samples one after another, at the times that each asks for. The timer does not keep a process alive by itself. Runs
 * wherever the sampler runs.
 */
export class SamplingLoop {
  readonly #sampler: Sampler;
  readonly #cpuUs: () => number;
  readonly #shortestDelayMs: number;
  #timer: NodeJS.Timeout | null = null;
  #dueUs = 0;
  #stopped = false;

  /**
   * @param cpuUs CPU time that sampling used so far, µs.
   * @param shortestDelayMs never sample faster than this; in the starting thread the calm cadence.
   */
  constructor(sampler: Sampler, cpuUs: () => number, shortestDelayMs: number) {
    this.#sampler = sampler;
    this.#cpuUs = cpuUs;
    this.#shortestDelayMs = shortestDelayMs;
  }

  /** Takes a sample at once and plans the next. */
  sampleNow(): void {
    if (this.#stopped) return;
    const nowUs = monotonicUs();
    const latenessUs = this.#dueUs === 0 ? 0 : Math.max(0, nowUs - this.#dueUs);
    const delayMs = Math.max(this.#shortestDelayMs, this.#sampler.sample(latenessUs, this.#cpuUs()));
    this.#plan(delayMs);
  }

  /** Brings the next sample forward to when an eviction under way needs it. */
  expedite(): void {
    const { dueMs } = this.#sampler;
    if (this.#stopped || dueMs === null) return;
    const delayMs = Math.max(this.#shortestDelayMs, dueMs - monotonicUs() / 1e3);
    if (monotonicUs() + delayMs * 1e3 < this.#dueUs) this.#plan(delayMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sampler.stop();
  }

  #plan(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueUs = monotonicUs() + delayMs * 1e3;
    this.#timer = setTimeout(() => this.sampleNow(), delayMs);
    this.#timer.unref();
  }
}
