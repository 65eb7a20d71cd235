import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { createRefill, withRefill } from '#src/core/refill.js';
import type { Resource } from '#src/core/resource.js';

describe('pages that were given back', () => {
  it('are expected to be taken again, up to what was resident before', () => {
    const refill = createRefill();
    refill.gave(0, 500, 0);
    expect(refill.bytes(0, 400)).toBe(100);
    expect(refill.bytes(0, 470)).toBe(30);
    expect(refill.bytes(0, 520)).toBe(0);
  });

  it('are expected less and less, and not at all once they stayed away for 0.3 s', () => {
    const refill = createRefill();
    refill.gave(1000, 500, 0);
    expect(refill.bytes(1150, 400)).toBeCloseTo(50);
    expect(refill.isExpected(1299)).toBe(true);
    expect(refill.isExpected(1300)).toBe(false);
    expect(refill.bytes(5000, 400)).toBe(0);
  });

  it('do not come again where caches gave them up', () => {
    const refill = createRefill();
    refill.gave(0, 500, 80);
    expect(refill.bytes(0, 400)).toBe(20);
  });

  it('reach as high as before the first time when they are given back twice in a row', () => {
    const refill = createRefill();
    refill.gave(0, 500, 0);
    refill.gave(100, 450, 20);
    expect(refill.bytes(100, 400)).toBe(80);
  });

  it('reach no higher than the last time once the time before is over', () => {
    const refill = createRefill();
    refill.gave(0, 500, 0);
    refill.gave(400, 450, 0);
    expect(refill.bytes(400, 400)).toBe(50);
  });

  it('are not expected before any were given back', () => {
    const refill = createRefill();
    expect(refill.isExpected(10)).toBe(false);
    expect(refill.bytes(10, 0)).toBe(0);
  });
});

describe('a resource with what is about to be taken again', () => {
  const seen = (resource: Resource, known = true) => {
    const limits = { limitBytes: 1000, thresholds: DEFAULT_THRESHOLDS, enableDelta: 0.05 };
    const watched = { resource, known, readUs: 0, usedBytes: 800, ...limits };
    return withRefill(watched, 300, { level: 'critical', rssBytes: 200 }).usedBytes;
  };

  it.each([
    ['container', 1000],
    ['process', 1000],
    ['system', 875],
    ['heap', 800],
    ['injected', 800],
  ] as const)('of the kind %s is seen at %i', (resource, usedBytes) => {
    expect(seen(resource)).toBe(usedBytes);
    expect(seen(resource, false)).toBe(800);
  });
});
