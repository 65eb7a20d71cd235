/** Slots of a window: the oldest is dropped as a whole, so a window is exact to 1/60 of its length. */
const SLOTS = 60;

/**
 * What cumulative counters grew by within the last `windowMs`. Memory is fixed at the start; an observation costs the same
 * however many events lie between two of them, and reading never scans. The time is the caller's and monotonic.
 */
export class CounterWindow {
  readonly #slotMs: number;
  readonly #fields: number;
  /** Counters as they stood when each slot began; a ring. */
  readonly #starts: Float64Array;
  readonly #latest: Float64Array;
  #slot: number;

  /** @param fields how many counters are observed together. */
  constructor(windowMs: number, fields: number, nowMs: number) {
    this.#slotMs = windowMs / SLOTS;
    this.#fields = fields;
    this.#starts = new Float64Array(SLOTS * fields);
    this.#latest = new Float64Array(fields);
    this.#slot = Math.floor(nowMs / this.#slotMs);
  }

  /** @param counters cumulative; each must not fall. */
  observe(nowMs: number, ...counters: readonly number[]): void {
    this.#advance(nowMs);
    for (let field = 0; field < this.#fields; field++) this.#latest[field] = counters[field] ?? 0;
  }

  /** What counter `field` grew by inside the window that ends now. */
  grown(nowMs: number, field: number): number {
    this.#advance(nowMs);
    const oldest = ((this.#slot + 1) % SLOTS) * this.#fields;
    return (this.#latest[field] ?? 0) - (this.#starts[oldest + field] ?? 0);
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    const steps = Math.min(slot - this.#slot, SLOTS);
    for (let step = steps - 1; step >= 0; step--)
      this.#starts.set(this.#latest, ((slot - step) % SLOTS) * this.#fields);
    if (steps > 0) this.#slot = slot;
  }
}
