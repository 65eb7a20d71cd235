import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CapClaim, splitCap } from '#src/core/cap-split.js';

const claim = (heldBytes: number, mostBytes = Number.POSITIVE_INFINITY, leftBytes = heldBytes): CapClaim => ({
  heldBytes,
  leftBytes,
  mostBytes,
});
/** A thread that was asked for some of what it holds. */
const payer = (heldBytes: number, leftBytes: number) => claim(heldBytes, Number.POSITIVE_INFINITY, leftBytes);
const sum = (parts: readonly number[]) => parts.reduce((total, bytes) => total + bytes, 0);

describe('splitting a joint cap over threads', () => {
  it('gives a single thread all of it', () => {
    expect(splitCap([claim(10)], 1000)).toEqual([1000]);
    expect(splitCap([claim(5000)], 1000)).toEqual([1000]);
  });

  it('gives room that nobody holds to all in equal parts', () => {
    expect(splitCap([claim(400), claim(400)], 1000)).toEqual([500, 500]);
  });

  it('shrinks all in proportion when they hold too much', () => {
    expect(splitCap([claim(1000), claim(1000)], 1000)).toEqual([500, 500]);
  });

  it('takes nothing more where what some were asked for already is enough', () => {
    expect(splitCap([payer(300, 200), claim(300)], 500, false)).toEqual([200, 300]);
    expect(splitCap([payer(300, 200), claim(300)], 250, false)).toEqual([100, 150]);
  });

  it('does not give out what is owed and not given yet', () => {
    expect(splitCap([payer(300, 100), claim(300)], 600)).toEqual([300, 300]);
    expect(splitCap([payer(300, 100), claim(300)], 500, false)).toEqual([100, 300]);
  });

  it('opens a little room for a thread that starts when the others hold everything', () => {
    const [first = 0, late = 0] = splitCap([claim(1600), claim(0)], 1600);
    expect(late).toBe(50);
    expect(first).toBe(1550);
  });

  it('opens no room for what a thread is about to give', () => {
    expect(splitCap([payer(300, 200), claim(300)], 500)).toEqual([215, 284]);
  });

  it('opens none where it is told not to', () => {
    expect(splitCap([claim(1600), claim(0)], 1600, false)).toEqual([1600, 0]);
  });

  it('lets a thread that starts late come to an equal part, one sample after another', () => {
    let held = [1600, 0];
    for (let sample = 0; sample < 40; sample++)
      held = splitCap(
        held.map((bytes) => claim(bytes)),
        1600,
      );
    expect(held).toEqual([800, 800]);
  });

  it('gives others what a thread with a tighter limit of its own cannot use', () => {
    expect(splitCap([claim(100, 150), claim(100)], 1000)).toEqual([150, 850]);
  });

  it('never gives out more than the cap, nor less than nothing, nor more than a thread may hold', () => {
    const claims = fc.array(
      fc.record({
        heldBytes: fc.nat(2 ** 40),
        leftBytes: fc.nat(2 ** 40),
        mostBytes: fc.oneof(fc.nat(2 ** 40), fc.constant(Number.POSITIVE_INFINITY)),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(claims, fc.nat(2 ** 40), (threads, capBytes) => {
        const parts = splitCap(threads, capBytes);
        expect(sum(parts)).toBeLessThanOrEqual(capBytes);
        for (const [index, bytes] of parts.entries()) {
          expect(bytes).toBeGreaterThanOrEqual(0);
          expect(bytes).toBeLessThanOrEqual((threads[index]?.mostBytes ?? 0) + 1);
        }
      }),
    );
  });
});
