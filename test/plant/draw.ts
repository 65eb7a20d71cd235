import { createRandom } from '#src/demo/random.js';

/** Seeded draws; the same seed draws the same scenario for ever. */
export class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.#random();
  }

  /** Even on a logarithmic scale, for what spans orders of magnitude. */
  spanning(least: number, most: number): number {
    return least * (most / least) ** this.#random();
  }

  whole(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  pick<T>(first: T, ...others: readonly T[]): T {
    const index = this.whole(0, others.length);
    return index === 0 ? first : (others[index - 1] ?? first);
  }
}
