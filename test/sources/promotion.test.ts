import { describe, expect, it } from 'vitest';
import { PromotionEstimate } from '#src/sources/promotion.js';

const MIB = 2 ** 20;
const LIMIT = 64 * MIB;

/** An estimate that is told MiB, every 10 ms unless said otherwise, and answers MiB. */
function estimate() {
  const promotion = new PromotionEstimate();
  let nowMs = 0;
  return (heldMib: number, youngMib = 0, semiSpaceMib = 16, afterMs = 10) => {
    nowMs += afterMs;
    const young = { heldBytes: youngMib * MIB, semiSpaceBytes: semiSpaceMib * MIB };
    return promotion.update(heldMib * MIB, LIMIT, young, nowMs) / MIB;
  };
}

describe('what the next collection may add', () => {
  it('is nothing before anything was added', () => {
    const next = estimate();
    expect(next(20, 10)).toBe(0);
    expect(next(20, 12)).toBe(0);
  });

  it('is three times the largest step of a ramp', () => {
    const next = estimate();
    for (const heldMib of [2, 3, 7, 10]) next(heldMib, 0, 20);
    expect(next(14, 0, 20)).toBe(12);
    expect(next(16, 0, 20)).toBe(12);
    expect(next(21, 0, 20)).toBe(15);
  });

  it('is little more than the whole rise, however large the step', () => {
    const next = estimate();
    next(10);
    expect(next(14)).toBe(5);
  });

  it('is at most a full semi-space', () => {
    const next = estimate();
    next(2);
    expect(next(40, 0, 16)).toBe(16);
    expect(next(40, 0, 1)).toBe(1);
  });

  it('is all that the young generation holds, where a step was a third of a semi-space', () => {
    const next = estimate();
    for (const heldMib of [2, 7, 12, 17, 22]) next(heldMib, 0, 15);
    expect(next(22, 14, 1)).toBe(14);
    expect(next(22, 20, 1)).toBe(20);
  });

  it('is what was added last, where little of the young generation lives on', () => {
    const next = estimate();
    for (const heldMib of [10, 12]) next(heldMib, 0, 16);
    expect(next(14, 0, 16)).toBe(2);
    expect(next(14, 32, 16)).toBe(4);
  });

  it('is forgotten after a second without a step like it', () => {
    const next = estimate();
    next(2);
    expect(next(14)).toBe(15);
    expect(next(15, 0, 16, 990)).toBe(16);
    expect(next(15, 0, 16, 20)).toBe(0);
  });

  it('is remembered while steps like it go on, however slowly', () => {
    const next = estimate();
    next(2, 0, 16, 900);
    for (const heldMib of [8, 14, 20, 26]) next(heldMib, 0, 16, 900);
    expect(next(32, 0, 16, 900)).toBe(16);
  });

  it('does not come from two readings that are far apart', () => {
    const next = estimate();
    next(10);
    expect(next(25, 0, 16, 1001)).toBe(0);
  });

  it('is less where the last major collection found garbage', () => {
    const next = estimate();
    next(2);
    next(20);
    expect(next(30)).toBe(16);
    // of the 30 that were added since the start, 15 were dead
    expect(next(15)).toBe(8);
    // of the next 20, all
    next(35);
    expect(next(15)).toBe(0);
    expect(next(28)).toBe(0);
  });

  it('counts in full again once far more is held than at the last peak', () => {
    const next = estimate();
    for (const heldMib of [2, 20, 2, 20, 2]) next(heldMib);
    expect(next(29)).toBe(0);
    expect(next(31)).toBe(16);
  });

  it('remembers a high peak when a lower one follows', () => {
    const next = estimate();
    for (const heldMib of [2, 30, 2, 18, 2]) next(heldMib);
    expect(next(30)).toBe(0);
  });

  it('is nothing, not less, when less is held than before the ramp', () => {
    const next = estimate();
    next(20);
    next(30);
    expect(next(5)).toBe(0);
  });

  it('takes a small fall for no collection', () => {
    const next = estimate();
    next(2);
    next(20);
    expect(next(19)).toBe(16);
  });
});
