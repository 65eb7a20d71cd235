import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { WatchedResource } from '#src/core/eviction-policy.js';
import { createLeaps } from '#src/core/leap.js';
import type { Resource } from '#src/core/resource.js';

const LIMIT = 1e9;

function watched(ratio: number, resource: Resource = 'container', limitBytes = LIMIT): WatchedResource {
  return {
    resource,
    known: true,
    readUs: 0,
    usedBytes: ratio * limitBytes,
    limitBytes,
    thresholds: DEFAULT_THRESHOLDS,
    enableDelta: 0.05,
  };
}

describe('usage that leaps', () => {
  it('tells its rate at once, over the time that passed', () => {
    const leaps = createLeaps();
    expect(leaps.next(1000, watched(0.5))).toBe(0);
    expect(leaps.next(1100, watched(0.6))).toBeCloseTo(1e9, -3);
    expect(leaps.next(1200, watched(0.6))).toBe(0);
  });

  it('is not believed to be faster than over 50 ms', () => {
    const leaps = createLeaps();
    leaps.next(1000, watched(0.5));
    expect(leaps.next(1010, watched(0.55))).toBeCloseTo(1e9, -3);
  });

  it('is none below a fiftieth of the limit, and none when it falls', () => {
    const leaps = createLeaps();
    leaps.next(1000, watched(0.5));
    expect(leaps.next(1100, watched(0.519))).toBe(0);
    expect(leaps.next(1200, watched(0.4))).toBe(0);
  });

  it('is none between two resources, or two limits', () => {
    const leaps = createLeaps();
    leaps.next(1000, watched(0.5));
    expect(leaps.next(1100, watched(0.8, 'system'))).toBe(0);
    expect(leaps.next(1200, watched(0.9, 'system', LIMIT / 2))).toBe(0);
  });
});
