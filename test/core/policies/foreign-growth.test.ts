import { describe, expect, it } from 'vitest';
import type { PolicyInput } from '#src/core/eviction-policy.js';
import { createForeignGrowth } from '#src/core/policies/foreign-growth.js';

const PAUSE_MS = 20;
const OWN_BYTES_PER_MS = 100_000;
const OTHERS_BYTES_PER_MS = 300_000;

/** Samples of caches that take in entries, and give as many; usage is said to grow by so much. */
class Samples {
  readonly #foreign = createForeignGrowth();
  readonly #pauseMs: number;
  #nowMs = 0;
  #takenBytes = 0;

  constructor(pauseMs = PAUSE_MS) {
    this.#pauseMs = pauseMs;
  }

  /** @returns what was told of others with the last of `count` samples, bytes/s. `batch`: the caches' bytes are told with every so many of them. */
  take(count: number, growthBytesPerMs: number, batch = 1): number {
    let told = 0;
    for (let sample = 1; sample <= count; sample++) {
      this.#nowMs += this.#pauseMs;
      if (sample % batch === 0) this.#takenBytes += batch * this.#pauseMs * OWN_BYTES_PER_MS;
      const input: Partial<PolicyInput> = {
        nowMs: this.#nowMs,
        cacheBytes: 1e8,
        evictedBytes: this.#takenBytes,
        growthBytesPerSecond: growthBytesPerMs * 1e3,
      };
      told = this.#foreign.next(input as PolicyInput);
    }
    return told;
  }
}

describe('the growth of everything but the caches', () => {
  it('is none where usage grows by what the caches take in', () => {
    expect(new Samples().take(10, OWN_BYTES_PER_MS)).toBe(0);
  });

  it('is none where threads tell of their caches in batches', () => {
    expect(new Samples().take(10, OWN_BYTES_PER_MS, 2)).toBeLessThan(0.2 * OWN_BYTES_PER_MS * 1e3);
    expect(new Samples().take(11, OWN_BYTES_PER_MS, 2)).toBeLessThan(0.2 * OWN_BYTES_PER_MS * 1e3);
  });

  it('is seen at once', () => {
    const samples = new Samples();
    samples.take(100, OWN_BYTES_PER_MS);
    const told = samples.take(1, OWN_BYTES_PER_MS + OTHERS_BYTES_PER_MS);
    expect(told).toBeGreaterThan(0.95 * OTHERS_BYTES_PER_MS * 1e3);
  });

  it('is seen for as long as it lasts, also where entries cost more than they declare', () => {
    const samples = new Samples();
    samples.take(2000, 1.3 * OWN_BYTES_PER_MS);
    const told = samples.take(2000, 1.3 * OWN_BYTES_PER_MS + OTHERS_BYTES_PER_MS);
    expect(told).toBeGreaterThan(0.99 * OTHERS_BYTES_PER_MS * 1e3);
  });

  it('is not what entries cost beyond what they declare, up to half as much again', () => {
    const samples = new Samples();
    expect(samples.take(2, 1.3 * OWN_BYTES_PER_MS)).toBeGreaterThan(0.2 * OWN_BYTES_PER_MS * 1e3);
    expect(samples.take(2000, 1.3 * OWN_BYTES_PER_MS)).toBeLessThan(0.01 * OWN_BYTES_PER_MS * 1e3);
    expect(new Samples().take(2000, 1.6 * OWN_BYTES_PER_MS)).toBeCloseTo(0.6 * OWN_BYTES_PER_MS * 1e3, -3);
  });

  it('is not learned away from single samples after long pauses', () => {
    const samples = new Samples(5000);
    samples.take(10, 1.4 * OWN_BYTES_PER_MS);
    expect(samples.take(1, 1.4 * OWN_BYTES_PER_MS)).toBeGreaterThan(0.3 * OWN_BYTES_PER_MS * 1e3);
  });

  it('is none before the second sample', () => {
    expect(new Samples().take(1, OTHERS_BYTES_PER_MS)).toBe(0);
  });
});
