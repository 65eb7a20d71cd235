/**
 * Keeps the sampler's CPU time within its share of one core: a leaky bucket that fills with wall time and drains with measured CPU
 * time. Credit is saved up in calm times, so that a ramp out of a calm can be followed at the shortest cadence to its end. Allocates
 * nothing; takes the time as an argument.
 */
export interface CpuBudget {
  /**
   * The shortest delay that the budget allows after the work so far, ms; 0 while there is room. The first call only sets the
   * zero, so what starting up cost is not counted.
   */
  shortestDelayMs(nowMs: number, cpuMs: number): number;
}

/** A tenth of the share is kept back, so that the credit does not lift the average of a minute above the share. */
const USED_SHARE = 0.9;

/** CPU time that may be spent ahead, ms: at the start, and what about ten seconds of calm save at the default share. */
const FIRST_CREDIT_MS = 50;
const MOST_CREDIT_MS = 100;

/**
 * A debt (a collection of the sampler's own heap, a storm of page faults) is paid back by three quarters of the budget while the last
 * quarter keeps sampling: one expensive moment must not blind the sampler for seconds.
 */
const REPAYMENT_STRETCH = 4;

/** Beyond this debt, ms, samples come a second apart, or further in proportion, whatever a usual one costs. */
const HEAVY_DEBT_MS = 100;
const HEAVY_DEBT_DELAY_MS = 1_000;

/** The usual cost of a sample is a moving mean in which no sample counts for more than four usual ones, or 0.1 ms. */
const COST_WEIGHT = 1 / 16;
const OUTLIER_FACTOR = 4;
const OUTLIER_FLOOR_MS = 0.1;

/** @param maxShare share of one core, in (0, 1]. */
export function createCpuBudget(maxShare: number): CpuBudget {
  const share = maxShare * USED_SHARE;
  let creditMs = FIRST_CREDIT_MS;
  let usualCostMs = 0;
  let lastMs = Number.NaN;
  let lastCpuMs = 0;

  return {
    shortestDelayMs(nowMs, cpuMs) {
      const elapsedMs = nowMs - lastMs;
      const spentMs = Math.max(0, cpuMs - lastCpuMs);
      lastMs = nowMs;
      lastCpuMs = cpuMs;
      if (Number.isNaN(elapsedMs)) return 0;
      creditMs = Math.min(MOST_CREDIT_MS, creditMs + Math.max(0, elapsedMs) * share) - spentMs;
      const countedMs = Math.min(spentMs, Math.max(usualCostMs * OUTLIER_FACTOR, OUTLIER_FLOOR_MS));
      usualCostMs += (countedMs - usualCostMs) * COST_WEIGHT;
      if (creditMs >= usualCostMs) return 0;
      const delayMs = Math.min(usualCostMs - creditMs, usualCostMs * REPAYMENT_STRETCH) / share;
      const heaviness = -creditMs / HEAVY_DEBT_MS;
      return heaviness > 1 ? Math.max(delayMs, HEAVY_DEBT_DELAY_MS * heaviness) : delayMs;
    },
  };
}
