import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecentPeak } from '#src/core/recent-peak.js';

describe('the recent peak', () => {
  it('is 0 while nothing is remembered', () => {
    expect(createRecentPeak(800).value(5000)).toBe(0);
  });

  it('is the highest value, and forgets it after its time', () => {
    const peak = createRecentPeak(800);
    peak.add(0, 5);
    peak.add(100, 9);
    peak.add(200, 3);
    expect(peak.value(200)).toBe(9);
    expect(peak.value(800)).toBe(9);
    expect(peak.value(900)).toBe(3);
    expect(peak.value(1000)).toBe(0);
  });

  it('takes a value that comes late for as old as it is', () => {
    const peak = createRecentPeak(800);
    peak.add(1000, 1);
    peak.add(500, 9);
    expect(peak.value(1000)).toBe(9);
    expect(peak.value(1400)).toBe(1);
    peak.add(500, 9);
    expect(peak.value(1400)).toBe(1);
  });

  it('forgets everything after a long pause', () => {
    const peak = createRecentPeak(800);
    peak.add(0, 5);
    expect(peak.value(1e9)).toBe(0);
    peak.add(1e9, 2);
    expect(peak.value(1e9)).toBe(2);
  });

  it('is never below a value of the last 7/8 of its time, nor above the highest of all of it', () => {
    const steps = fc.array(
      fc.record({ pauseMs: fc.integer({ min: 0, max: 400 }), value: fc.integer({ min: 0, max: 1000 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (series) => {
        const peak = createRecentPeak(800);
        const seen: { atMs: number; value: number }[] = [];
        let nowMs = 0;
        for (const { pauseMs, value } of series) {
          nowMs += pauseMs;
          peak.add(nowMs, value);
          seen.push({ atMs: nowMs, value });
          const since = (ms: number) => seen.filter(({ atMs }) => nowMs - atMs < ms).map((point) => point.value);
          expect(peak.value(nowMs)).toBeGreaterThanOrEqual(Math.max(...since(700)));
          expect(peak.value(nowMs)).toBeLessThanOrEqual(Math.max(...since(801)));
        }
      }),
    );
  });
});
