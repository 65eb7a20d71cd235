import { describe, expect, it } from 'vitest';
import { createSwing } from '#src/core/policies/swing.js';
import { MIB } from '#src/core/units.js';

const LIMIT = 1000 * MIB;

describe('what entries that were evicted are expected to hold', () => {
  it('is 120 MiB before anything was seen, and less of a small limit', () => {
    const swing = createSwing();
    swing.add(0, 50 * MIB, 0, LIMIT, 1);
    expect(swing.expectedPeakBytes(0, 0)).toBe(170 * MIB);
    const small = createSwing();
    small.add(0, 50 * MIB, 0, 100 * MIB, 1);
    expect(small.expectedPeakBytes(0, 0)).toBe(80 * MIB);
  });

  it('is as much for each thread, within the same share of the limit', () => {
    const swing = createSwing();
    swing.add(0, 0, 0, LIMIT, 2);
    expect(swing.expectedPeakBytes(0, 0)).toBe(240 * MIB);
    const many = createSwing();
    many.add(0, 0, 0, LIMIT, 8);
    expect(many.expectedPeakBytes(0, 0)).toBe(300 * MIB);
  });

  it('stays expected while nothing is evicted', () => {
    const swing = createSwing();
    for (let ms = 0; ms < 60_000; ms += 100) swing.add(ms, 50 * MIB, 0, LIMIT, 1);
    expect(swing.expectedPeakBytes(60_000, 0)).toBe(170 * MIB);
  });

  it('comes down to what is seen while entries are evicted', () => {
    const swing = createSwing();
    let evictedBytes = 0;
    let peakBytes = 0;
    for (let ms = 0; ms < 20_000; ms += 100) {
      evictedBytes += 100 * MIB;
      swing.add(ms, (50 + (ms % 400) / 10) * MIB, evictedBytes, LIMIT, 1);
      peakBytes = swing.expectedPeakBytes(ms, ((ms % 400) / 10) * MIB);
    }
    expect(peakBytes).toBeGreaterThanOrEqual(80 * MIB);
    expect(peakBytes).toBeLessThan(85 * MIB);
  });

  it('is the highest of the last two seconds where that is more, until the caches give on purpose', () => {
    const swing = createSwing();
    swing.add(0, 400 * MIB, 0, LIMIT, 1);
    swing.add(1000, 50 * MIB, 0, LIMIT, 1);
    expect(swing.expectedPeakBytes(1000, 0)).toBe(400 * MIB);
    swing.forgetPeaks();
    swing.add(1100, 50 * MIB, 0, LIMIT, 1);
    expect(swing.expectedPeakBytes(1100, 0)).toBe(170 * MIB);
  });

  it('does not count twice what is known to be dead', () => {
    const swing = createSwing();
    swing.add(0, 150 * MIB, 0, LIMIT, 1);
    expect(swing.expectedPeakBytes(0, 100 * MIB, 1)).toBe(170 * MIB);
  });
});
