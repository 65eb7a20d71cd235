import type { HealthChange } from '../core/state.js';

/** What health depends on: the sources that the sampler reads, and the sampler itself. */
export type HealthPart = 'sources' | 'sampler';

/** Joins the parts into one health, and tells of its changes alone. */
export class HealthMonitor {
  readonly #degraded = new Set<HealthPart>();
  readonly #onChange: (change: HealthChange) => void;

  constructor(onChange: (change: HealthChange) => void) {
    this.#onChange = onChange;
  }

  /** @param reason for people: what happened to that part. */
  set(part: HealthPart, degraded: boolean, reason: string): void {
    const from = this.#health;
    if (degraded) this.#degraded.add(part);
    else this.#degraded.delete(part);
    const to = this.#health;
    if (to !== from) this.#onChange(Object.freeze({ from, to, reason }));
  }

  get #health(): 'ok' | 'degraded' {
    return this.#degraded.size > 0 ? 'degraded' : 'ok';
  }
}
