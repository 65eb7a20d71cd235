import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuBudget } from '#src/core/cpu-budget.js';

const SEED = 20_26;
const FIRST_CREDIT_MS = 50;
const MOST_CREDIT_MS = 100;
const HEAVY_DEBT_MS = 100;

/** Samples for `untilMs` at `wantedMs` or whatever the budget allows; each costs `costMs(n)`. @returns share of a core used. */
function run(maxShare: number, untilMs: number, wantedMs: number, costMs: (sample: number) => number) {
  const budget = createCpuBudget(maxShare);
  let nowMs = 0;
  let cpuMs = 1_000;
  let longestMs = 0;
  budget.shortestDelayMs(nowMs, cpuMs);
  const startCpuMs = cpuMs;
  let samples = 0;
  for (; nowMs < untilMs; samples++) {
    cpuMs += costMs(samples);
    const delayMs = Math.max(wantedMs, budget.shortestDelayMs(nowMs, cpuMs));
    longestMs = Math.max(longestMs, delayMs);
    nowMs += delayMs;
  }
  return { share: (cpuMs - startCpuMs) / nowMs, elapsedMs: nowMs, longestMs, samples };
}

describe('CPU budget', () => {
  it('does not stretch what fits', () => {
    expect(run(0.01, 60_000, 10, () => 0.05)).toMatchObject({ longestMs: 10, samples: 6_000 });
  });

  it('keeps the share, but for the credit and the debt, whatever a sample costs', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.001, 0.01, 0.1),
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (maxShare, costsMs) => {
          const { share, elapsedMs } = run(maxShare, 600_000, 10, (sample) => costsMs[sample % costsMs.length] ?? 0);
          const allowedMs = maxShare * elapsedMs + FIRST_CREDIT_MS + 2 * HEAVY_DEBT_MS + Math.max(...costsMs);
          expect(share * elapsedMs).toBeLessThanOrEqual(allowedMs);
        },
      ),
      { seed: SEED },
    );
  });

  it('uses what it may use', () => {
    expect(run(0.01, 600_000, 10, () => 1).share).toBeGreaterThan(0.0089);
  });

  it('does not go blind after one expensive sample, and still pays for it', () => {
    const { longestMs, share } = run(0.01, 60_000, 10, (sample) => (sample === 100 ? 80 : 0.05));
    expect(longestMs).toBeLessThanOrEqual(30);
    expect(share).toBeLessThanOrEqual(0.01);
  });

  it('keeps the share over the first minute, credit and all', () => {
    expect(run(0.01, 60_000, 10, () => 0.3).share).toBeLessThanOrEqual(0.01);
  });

  it('does not count what starting up cost', () => {
    const budget = createCpuBudget(0.01);
    expect(budget.shortestDelayMs(0, 500)).toBe(0);
    expect(budget.shortestDelayMs(10, 500.05)).toBe(0);
  });

  it('spends what a calm saved at any pace, and no more than that', () => {
    const budget = createCpuBudget(0.01);
    budget.shortestDelayMs(0, 0);
    expect(budget.shortestDelayMs(3_600_000, 0)).toBe(0);
    let cpuMs = 0;
    for (let sample = 1; sample <= 99; sample++) {
      cpuMs += 1;
      expect(budget.shortestDelayMs(3_600_000 + sample, cpuMs)).toBe(0);
    }
    for (let sample = 100; sample <= 103; sample++) cpuMs += 1;
    expect(budget.shortestDelayMs(3_600_103, cpuMs)).toBeGreaterThan(0);
    expect(cpuMs).toBeLessThanOrEqual(MOST_CREDIT_MS + 3);
  });

  it('looks every few seconds, and not never, after a disaster', () => {
    const { longestMs, share } = run(0.01, 600_000, 10, (sample) => (sample === 100 ? 300 : 0.05));
    expect(longestMs).toBeGreaterThan(1_000);
    expect(longestMs).toBeLessThan(3_100);
    expect(share).toBeLessThanOrEqual(0.01);
  });
});
