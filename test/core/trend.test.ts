import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTrend, medianInPlace } from '#src/core/trend.js';

const SEED = 20_26;

describe('medianInPlace', () => {
  it('agrees with sorting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 60 }),
        (values) => {
          const sorted = [...values].sort((a, b) => a - b);
          const middle = sorted.length >> 1;
          const upper = sorted[middle] ?? 0;
          const expected = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
          expect(medianInPlace(Float64Array.from(values), values.length)).toBe(expected);
        },
      ),
      { seed: SEED },
    );
  });

  it('looks only at the values it is told to', () => {
    expect(medianInPlace(Float64Array.from([3, 1, 2, 99, 99]), 3)).toBe(2);
  });
});

describe('trend', () => {
  it('has no slope with fewer than two points', () => {
    const trend = createTrend(4);
    expect(trend.slopePerMs()).toBe(0);
    trend.add(1, 5);
    expect(trend.slopePerMs()).toBe(0);
  });

  it('forgets the oldest point when it is full', () => {
    const trend = createTrend(4);
    for (const [atMs, value] of [
      [0, 100],
      [1, 0],
      [2, 3],
      [3, 6],
      [4, 9],
    ] as const)
      trend.add(atMs, value);
    expect(trend.slopePerMs()).toBe(3);
  });

  it('is not moved by wild points, up to 29 % of them', () => {
    const trend = createTrend(10);
    for (let ms = 0; ms < 10; ms++) trend.add(ms, ms === 4 || ms === 7 ? 1e6 : 2 * ms);
    expect(trend.slopePerMs()).toBeCloseTo(2, 0);
  });

  it('starts afresh after being cleared', () => {
    const trend = createTrend(4);
    trend.add(0, 0);
    trend.add(1, 10);
    trend.clear();
    trend.add(2, 0);
    trend.add(3, 1);
    expect(trend.slopePerMs()).toBe(1);
  });
});
