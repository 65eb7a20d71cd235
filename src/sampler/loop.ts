import { monotonicUs } from '../page/clock.js';
import type { CpuAccount } from './cpu-account.js';
import { AT_ONCE_MS, type Sampler } from './sampler.js';

/** A sample this young need not be taken anew for what is about to be measured by it, µs. */
const FRESH_US = 20_000;

/**
 * Takes samples one after another, at the times that each asks for. The timer does not keep a process alive by itself. Runs
 * wherever the sampler runs.
 */
export class SamplingLoop {
  readonly #sampler: Sampler;
  readonly #cpu: CpuAccount;
  readonly #minIntervalMs: number;
  readonly #onTime = () => this.#take(false);
  #timer: NodeJS.Timeout | null = null;
  #dueUs = 0;
  /** When the last sample was taken, monotonic µs. */
  #takenUs = 0;
  /** How long the last sample took, µs. */
  #busyUs = 0;
  #stopped = false;

  constructor(sampler: Sampler, cpu: CpuAccount, minIntervalMs: number) {
    this.#sampler = sampler;
    this.#cpu = cpu;
    this.#minIntervalMs = minIntervalMs;
  }

  /** Takes a sample of every resource at once, and plans the next. */
  sampleNow(): void {
    if (!this.#stopped) this.#take(true);
  }

  /** Takes a sample unless there was one just now: what is measured against it must not be of seconds ago. */
  refresh(): void {
    if (monotonicUs() - this.#takenUs >= FRESH_US) this.sampleNow();
  }

  /** Brings the next sample forward to when an eviction under way needs it. */
  expedite(): void {
    if (this.#stopped) return;
    const nowMs = monotonicUs() / 1e3;
    const dueMs = this.#sampler.dueMs(nowMs);
    if (dueMs === null) return;
    if (dueMs === AT_ONCE_MS) {
      this.sampleNow();
      return;
    }
    const delayMs = Math.max(this.#minIntervalMs, dueMs - nowMs);
    if ((nowMs + delayMs) * 1e3 < this.#dueUs) this.#plan(delayMs);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sampler.stop();
    this.#cpu.close();
  }

  #take(readsAll: boolean): void {
    const startUs = monotonicUs();
    const latenessUs = this.#dueUs === 0 ? 0 : Math.max(0, startUs - this.#dueUs);
    this.#takenUs = startUs;
    const asideUs = this.#sampler.asideUs;
    this.#plan(this.#sampler.sample(latenessUs, this.#cpu.update(startUs, this.#busyUs, asideUs), readsAll));
    this.#busyUs = monotonicUs() - startUs - (this.#sampler.asideUs - asideUs);
  }

  #plan(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueUs = monotonicUs() + delayMs * 1e3;
    this.#timer = setTimeout(this.#onTime, delayMs);
    this.#timer.unref();
  }
}
