import { beforeEach, describe, expect, it } from 'vitest';
import { type Ceiling, createCeiling } from '#src/core/policies/ceiling.js';
import { MIB } from '#src/core/units.js';

describe('a size of the caches that was too much', () => {
  let ceiling: Ceiling;
  beforeEach(() => {
    ceiling = createCeiling();
  });

  /** A sample with so much used beside the caches, of 1000 MiB. */
  function sampled(nowMs: number, besideMib: number): number {
    ceiling.add(nowMs, besideMib * MIB, 1000 * MIB, 150 * MIB);
    return ceiling.bytes;
  }

  it('is not known before it was found', () => {
    expect(sampled(0, 500)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is remembered for a minute, the lowest that was found', () => {
    ceiling.found(0, 300 * MIB, 500 * MIB);
    ceiling.found(1000, 310 * MIB, 500 * MIB);
    for (let ms = 1000; ms <= 61_000; ms += 1000) expect(sampled(ms, 420)).toBe(300 * MIB);
    expect(sampled(62_000, 420)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is forgotten once others let go of a tenth of the limit, as far as peaks of two seconds tell', () => {
    sampled(0, 500);
    ceiling.found(0, 300 * MIB, 500 * MIB);
    for (let ms = 100; ms < 1700; ms += 100) expect(sampled(ms, 390)).toBe(300 * MIB);
    for (let ms = 1700; ms <= 2300; ms += 100) sampled(ms, 390);
    expect(ceiling.bytes).toBe(Number.POSITIVE_INFINITY);
  });

  it('is forgotten at once where they let go of more than usage swings by, too', () => {
    sampled(0, 500);
    ceiling.found(0, 300 * MIB, 500 * MIB);
    expect(sampled(100, 255)).toBe(300 * MIB);
    expect(sampled(200, 245)).toBe(Number.POSITIVE_INFINITY);
  });
});
