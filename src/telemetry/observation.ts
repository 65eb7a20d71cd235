import type { Observation } from '../core/metrics.js';
import type { ObservedPressure } from '../core/observed-pressure.js';

/**
 * One observation for all the metrics of one scrape, so that they belong together. A scrape reads its metrics within one turn of
 * the event loop; the next one sees a new moment.
 */
export class ObservationOfTheMoment {
  readonly #pressure: ObservedPressure;
  #observation: Observation | null = null;

  constructor(pressure: ObservedPressure) {
    this.#pressure = pressure;
  }

  read(): Observation {
    if (this.#observation !== null) return this.#observation;
    const observation = { state: this.#pressure.state, statistics: this.#pressure.statistics() };
    this.#observation = observation;
    setImmediate(() => {
      this.#observation = null;
    }).unref();
    return observation;
  }
}
