const SLOTS = 60;

/**
 * The highest value seen within the last `windowMs`, so that a short peak inside a long calm is not averaged away. Fixed memory,
 * one slot per 1/60 of the window; a value stays in force for `windowMs` at least and one slot longer at most.
 */
export class PeakWindow {
  readonly #slotMs: number;
  readonly #peaks = new Float64Array(SLOTS + 1).fill(Number.NEGATIVE_INFINITY);
  #slot = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  /** Takes a value in. @returns the peak of the window that ends now. */
  observe(nowMs: number, value: number): number {
    const slot = Math.floor(nowMs / this.#slotMs);
    const size = this.#peaks.length;
    for (let gone = Math.max(this.#slot + 1, slot - size + 1); gone <= slot; gone++) {
      this.#peaks[gone % size] = Number.NEGATIVE_INFINITY;
    }
    this.#slot = Math.max(slot, this.#slot);
    const at = this.#slot % size;
    this.#peaks[at] = Math.max(this.#peaks[at] ?? value, value);
    return this.#peaks.reduce((peak, other) => Math.max(peak, other));
  }
}
