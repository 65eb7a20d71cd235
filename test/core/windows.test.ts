import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterWindow } from '#src/core/counter-window.js';
import { PeakWindow } from '#src/core/peak-window.js';

const MINUTE_MS = 60_000;

describe('CounterWindow', () => {
  it('counts what happened since the start while the window is not full', () => {
    const window = new CounterWindow(5 * MINUTE_MS, 2, 1000);
    window.observe(2000, 10, 1);
    window.observe(3000, 15, 4);
    expect([window.grown(3000, 0), window.grown(3000, 1)]).toEqual([15, 4]);
  });

  it('forgets what is older than the window', () => {
    const window = new CounterWindow(5 * MINUTE_MS, 1, 0);
    window.observe(1000, 100);
    window.observe(4 * MINUTE_MS, 130);
    expect(window.grown(6 * MINUTE_MS, 0)).toBe(30);
    expect(window.grown(10 * MINUTE_MS, 0)).toBe(0);
  });

  it('forgets everything after a silence longer than the window, however long', () => {
    const window = new CounterWindow(5 * MINUTE_MS, 1, 0);
    window.observe(1000, 100);
    window.observe(1000 * MINUTE_MS, 107);
    expect(window.grown(1000 * MINUTE_MS, 0)).toBe(7);
  });

  it('agrees with an exact replay to a sixtieth of its length', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.nat({ max: 10 })), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 400_000 }), (history, silenceMs) => {
        const window = new CounterWindow(5 * MINUTE_MS, 1, 0);
        const events = [{ atMs: 0, total: 0 }];
        let last = { atMs: 0, total: 0 };
        for (const [afterMs, count] of [...history, [silenceMs, 1] as const]) {
          last = { atMs: last.atMs + afterMs, total: last.total + count };
          events.push(last);
          window.observe(last.atMs, last.total);
          const totalAt = (ageMs: number) => events.findLast(({ atMs }) => atMs <= last.atMs - ageMs)?.total ?? 0;
          const grown = window.grown(last.atMs, 0);
          expect(grown).toBeLessThanOrEqual(last.total - totalAt(5 * MINUTE_MS));
          expect(grown).toBeGreaterThanOrEqual(last.total - totalAt(5 * MINUTE_MS * (59 / 60)));
        }
      }),
    );
  });
});

describe('PeakWindow', () => {
  it('keeps a peak for the whole window and lets it go soon after', () => {
    const window = new PeakWindow(60_000);
    expect(window.observe(0, 0.97)).toBe(0.97);
    expect(window.observe(60_000, 0.4)).toBe(0.97);
    expect(window.observe(62_000, 0.4)).toBe(0.4);
  });

  it('forgets everything after a silence longer than the window', () => {
    const window = new PeakWindow(60_000);
    window.observe(0, 5);
    expect(window.observe(10 ** 9, 1)).toBe(1);
  });
});
