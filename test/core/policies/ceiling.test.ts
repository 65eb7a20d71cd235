import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { type Ceiling, createCeiling } from '#src/core/policies/ceiling.js';
import { MIB } from '#src/core/units.js';

describe('a size of the caches that was too much', () => {
  let ceiling: Ceiling;
  beforeEach(() => {
    ceiling = createCeiling();
  });

  /** Usage of a limit of 1000 MiB, `warning` at 700. */
  function sampled(nowMs: number, usedMib: number): number {
    ceiling.add(nowMs, usedMib * MIB, {
      resource: 'container',
      known: true,
      readUs: nowMs * 1e3,
      usedBytes: usedMib * MIB,
      limitBytes: 1000 * MIB,
      thresholds: DEFAULT_THRESHOLDS,
      enableDelta: DEFAULT_ENABLE_DELTA,
    });
    return ceiling.bytes;
  }

  it('is not known before it was found', () => {
    expect(sampled(0, 790)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is remembered for a minute, the lowest that was found', () => {
    ceiling.found(0, 300 * MIB);
    ceiling.found(1000, 310 * MIB);
    for (let ms = 1000; ms <= 61_000; ms += 1000) expect(sampled(ms, 720)).toBe(300 * MIB);
    expect(sampled(62_000, 720)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is forgotten once usage stayed well below warning for ten seconds', () => {
    sampled(0, 790);
    ceiling.found(0, 300 * MIB);
    for (let ms = 1000; ms < 8000; ms += 1000) expect(sampled(ms, 600)).toBe(300 * MIB);
    for (let ms = 8000; ms <= 12_000; ms += 1000) sampled(ms, 600);
    expect(ceiling.bytes).toBe(Number.POSITIVE_INFINITY);
  });
});
