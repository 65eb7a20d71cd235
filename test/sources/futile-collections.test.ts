import { describe, expect, it } from 'vitest';
import { FutileCollections } from '#src/sources/futile-collections.js';

const LIMIT = 100;

/** Major collections one after the other: of 100 ms, so many collecting, and what each left of the limit. */
function isFutileAfter(...collections: (readonly [costMs: number, leftShare: number])[]): boolean {
  const futile = new FutileCollections();
  for (const [costMs, leftShare] of collections) futile.note(costMs, 100, leftShare);
  return futile.update(LIMIT, LIMIT, 0);
}

describe('collections that take most of the time and leave a heap nearly full', () => {
  it('are futile from the second in a row on', () => {
    expect(isFutileAfter([90, 0.8])).toBe(false);
    expect(isFutileAfter([90, 0.8], [90, 0.8])).toBe(true);
  });

  it('are not where one made room', () => {
    expect(isFutileAfter([90, 0.8], [90, 0.8], [90, 0.6])).toBe(false);
    expect(isFutileAfter([90, 0.8], [90, 0.6], [90, 0.8])).toBe(false);
  });

  it('are not where the program had most of the time', () => {
    expect(isFutileAfter([20, 0.9], [20, 0.9], [20, 0.9], [20, 0.9])).toBe(false);
  });

  it('are where incremental steps, which nothing tells of, took it every other time', () => {
    expect(isFutileAfter([100, 0.8], [5, 0.8], [100, 0.8])).toBe(true);
  });

  it('are forgotten once the heap has room', () => {
    const futile = new FutileCollections();
    futile.note(90, 100, 0.8);
    futile.note(90, 100, 0.8);
    expect(futile.update(0.8 * LIMIT, LIMIT, 0)).toBe(true);
    expect(futile.update(0.7 * LIMIT, LIMIT, 1)).toBe(false);
    expect(futile.update(0.8 * LIMIT, LIMIT, 2)).toBe(false);
  });
});
