import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuBudget } from '#src/core/cpu-budget.js';

const SEED = 20_26;
const NOT_URGENT = Number.POSITIVE_INFINITY;
const FREE_SAMPLES = 100;
const HEAVY_DEBT_SECONDS = 10;
const BORROWED_SECONDS = 60;

interface Run {
  readonly maxShare: number;
  readonly untilMs: number;
  readonly wantedMs: number;
  readonly urgentMs?: number;
  readonly suspectMs?: number;
  /** CPU time of each sample, ms; the first of all is 0. */
  readonly costMs: (sample: number) => number;
}

/** Samples as often as is wanted, or as the budget allows. What the free samples cost is left out of `cpuMs`. */
function run({ maxShare, untilMs, wantedMs, urgentMs = NOT_URGENT, suspectMs = NOT_URGENT, costMs }: Run) {
  const budget = createCpuBudget(maxShare);
  const start = 1_000;
  let nowMs = 0;
  let cpuMs = start;
  let countedMs = 0;
  let longestMs = 0;
  let samples = 0;
  for (; nowMs < untilMs; samples++) {
    const delayMs = Math.max(wantedMs, budget.shortestDelayMs(nowMs, cpuMs, urgentMs, suspectMs));
    longestMs = Math.max(longestMs, delayMs);
    nowMs += delayMs;
    const spentMs = costMs(samples);
    cpuMs += spentMs;
    if (samples >= FREE_SAMPLES) countedMs += spentMs;
  }
  return { share: countedMs / nowMs, countedMs, elapsedMs: nowMs, longestMs, samples };
}

describe('CPU budget', () => {
  it('does not stretch what fits', () => {
    const cheap = run({ maxShare: 0.01, untilMs: 60_000, wantedMs: 10, costMs: () => 0.05 });
    expect(cheap).toMatchObject({ longestMs: 10, samples: 6_000 });
  });

  it('keeps the share where the clock is read with every fifth sample only', () => {
    const costMs = (sample: number): number => (sample % 5 === 0 ? 1 : 0);
    const { countedMs, elapsedMs } = run({ maxShare: 0.01, untilMs: 10_000, wantedMs: 10, costMs });
    expect(countedMs).toBeLessThanOrEqual(0.01 * elapsedMs);
  });

  it('lets suspicion have what the share allows, and half a heavy debt once, so that it is never blind for a second', () => {
    const costMs = () => 0.5;
    const suspicious = run({ maxShare: 0.01, untilMs: 300_000, wantedMs: 10, suspectMs: 10, costMs });
    expect(suspicious.longestMs).toBeLessThan(300);
    expect(suspicious.share).toBeLessThan(0.0105);
    const calm = run({ maxShare: 0.01, untilMs: 3000, wantedMs: 10, costMs });
    const brief = run({ maxShare: 0.01, untilMs: 3000, wantedMs: 10, suspectMs: 10, costMs });
    expect(brief.samples - calm.samples).toBeGreaterThan(80);
  });

  it('goes on with what the share earns in a danger that lasts longer than the loan', () => {
    const lasting = run({ maxShare: 0.01, untilMs: 600_000, wantedMs: 10, urgentMs: 10, costMs: () => 0.5 });
    expect(lasting.longestMs).toBeLessThan(60);
    expect(lasting.countedMs).toBeLessThan(0.01 * lasting.elapsedMs + BORROWED_SECONDS * 1e3 * 0.01);
  });

  it('keeps the share, but for a debt, whatever a sample costs', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.001, 0.01, 0.1),
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (maxShare, costsMs) => {
          const costMs = (sample: number): number => costsMs[sample % costsMs.length] ?? 0;
          const { countedMs, elapsedMs } = run({ maxShare, untilMs: 600_000, wantedMs: 10, costMs });
          const heavyMs = HEAVY_DEBT_SECONDS * 1e3 * maxShare;
          expect(countedMs).toBeLessThanOrEqual(maxShare * elapsedMs + 2 * heavyMs + 100 * Math.max(...costsMs));
        },
      ),
      { seed: SEED },
    );
  });

  it('uses what it may use', () => {
    expect(run({ maxShare: 0.01, untilMs: 600_000, wantedMs: 10, costMs: () => 1 }).share).toBeGreaterThan(0.0089);
  });

  it('keeps the share over the first minute, the free samples included', () => {
    const { countedMs, elapsedMs } = run({ maxShare: 0.01, untilMs: 60_000, wantedMs: 10, costMs: () => 0.3 });
    expect((countedMs + FREE_SAMPLES * 0.3) / elapsedMs).toBeLessThanOrEqual(0.01);
  });

  it('does not go blind after one expensive sample, and still pays for it', () => {
    const costMs = (sample: number): number => (sample === 200 ? 80 : 0.05);
    const { longestMs, share } = run({ maxShare: 0.01, untilMs: 60_000, wantedMs: 10, costMs });
    expect(longestMs).toBeGreaterThan(10);
    expect(longestMs).toBeLessThanOrEqual(30);
    expect(share).toBeLessThanOrEqual(0.01);
  });

  it('looks every few seconds, and not never, after a disaster', () => {
    const costMs = (sample: number): number => (sample === 200 ? 300 : 0.05);
    const { longestMs, share } = run({ maxShare: 0.01, untilMs: 600_000, wantedMs: 10, costMs });
    expect(longestMs).toBeGreaterThan(1_000);
    expect(longestMs).toBeLessThan(3_100);
    expect(share).toBeLessThanOrEqual(0.01);
  });

  it('does not count what starting up cost', () => {
    const costMs = (sample: number): number => (sample < FREE_SAMPLES / 2 ? 20 : 0.05);
    expect(run({ maxShare: 0.01, untilMs: 20_000, wantedMs: 10, costMs }).longestMs).toBe(10);
  });

  it('spends what a calm saved at any pace, and no more than that', () => {
    const budget = createCpuBudget(0.01);
    let nowMs = 0;
    let cpuMs = 0;
    for (let sample = 0; sample <= FREE_SAMPLES; sample++)
      budget.shortestDelayMs(++nowMs, cpuMs, NOT_URGENT, NOT_URGENT);
    nowMs += 3_600_000;
    do {
      nowMs += 1;
      cpuMs += 1;
    } while (budget.shortestDelayMs(nowMs, cpuMs, NOT_URGENT, NOT_URGENT) === 0);
    expect(cpuMs).toBeGreaterThan(95);
    expect(cpuMs).toBeLessThan(205);
  });

  it('lends to danger, also where a sample is dear, and is paid back by the calm that follows', () => {
    const cheap = { maxShare: 0.01, untilMs: 3_000, wantedMs: 10, urgentMs: 10, costMs: () => 0.5 };
    expect(run(cheap).longestMs).toBe(10);
    const dear = { maxShare: 0.01, untilMs: 10_000, wantedMs: 50, urgentMs: 50, costMs: () => 20 };
    expect(run(dear).longestMs).toBe(50);
  });

  it.each([0.001, 0.01, 0.1])('lends no more than a minute is worth at a share of %s', (maxShare) => {
    const costMs = () => 50 * maxShare; // 50 samples a second cost 2.5 times the share
    const danger = run({ maxShare, untilMs: 600_000, wantedMs: 10, urgentMs: 10, costMs });
    const minuteMs = BORROWED_SECONDS * 1e3 * maxShare;
    expect(danger.countedMs).toBeLessThanOrEqual(maxShare * danger.elapsedMs + minuteMs);
    expect(danger.countedMs, 'and no less').toBeGreaterThan(0.89 * maxShare * danger.elapsedMs + 0.9 * minuteMs);
    expect(danger.longestMs).toBeGreaterThan(10);
  });

  it.each([0.001, 0.01, 0.1, 1])('is not blind for longer after a debt the greater a share of %s is', (maxShare) => {
    const costMs = (sample: number): number => (sample === 200 ? 30_000 * maxShare : 5 * maxShare);
    const { longestMs, share } = run({ maxShare, untilMs: 600_000, wantedMs: 10, costMs });
    expect(longestMs).toBeGreaterThan(2_500);
    expect(longestMs).toBeLessThan(3_100);
    expect(share).toBeLessThanOrEqual(maxShare);
  });
});
