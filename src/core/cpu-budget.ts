/**
 * Keeps the sampler's CPU time within its share of one core: a leaky bucket that fills with wall time and drains with measured CPU
 * time. What a calm saves may be spent on following a ramp at the shortest cadence to its end, and danger may borrow what the next calm
 * pays back. Allocates nothing; takes the time as an argument.
 */
export interface CpuBudget {
  /**
   * The shortest delay that the budget allows after the work so far, ms; 0 while there is room. What is granted on credit is granted as often as the
   * share earns the cost of a sample once that credit is used up: the debt stays as it is then.
   * @param cpuMs CPU time of the sampler thread so far.
   * @param urgentMs a delay that danger asks for; it is granted on credit. Infinity: none does.
   * @param suspectMs the same for what may become a danger: granted on a small part of the credit, so that it is there when danger comes.
   */
  shortestDelayMs(nowMs: number, cpuMs: number, urgentMs: number, suspectMs: number): number;
}

/** A tenth of the share is kept back for what the first samples cost. */
const USED_SHARE = 0.9;

/** So many samples are not counted: most of what they cost is code that is compiled when it runs for the first time. */
const FREE_SAMPLES = 100;

/**
 * What may be saved up, and what danger may borrow: what the share is worth in ten and in sixty seconds, but at least so many usual samples. On a
 * slow machine (an emulator) a sample costs milliseconds, and to be blind there while memory runs out would be to save at the wrong end.
 */
const SAVED_SECONDS = 10;
const SAVED_SAMPLES = 200;
const BORROWED_SECONDS = 60;
const BORROWED_SAMPLES = 200;

/**
 * A debt (a collection of the sampler's own heap, a storm of page faults) is paid back by three quarters of the budget while the last
 * quarter keeps sampling: one expensive moment must not blind the sampler for seconds.
 */
const REPAYMENT_STRETCH = 4;

/** Beyond what the share is worth in so long, or so many usual samples, samples that nothing asks for come a second apart, or further in proportion. */
const HEAVY_DEBT_SECONDS = 10;
const HEAVY_DEBT_SAMPLES = 100;
const HEAVY_DEBT_DELAY_MS = 1_000;

/** What suspicion may borrow, of a heavy debt. */
const SUSPECT_SHARE = 0.5;

/** The usual cost of a sample is a moving mean in which no sample counts for more than four usual ones, or 0.1 ms. */
const COST_WEIGHT = 1 / 16;
const OUTLIER_FACTOR = 4;
const OUTLIER_FLOOR_MS = 0.1;

/** @param maxShare share of one core, in (0, 1]. */
export function createCpuBudget(maxShare: number): CpuBudget {
  const share = maxShare * USED_SHARE;
  const savedMs = SAVED_SECONDS * 1e3 * maxShare;
  const borrowedMs = BORROWED_SECONDS * 1e3 * maxShare;
  let creditMs = 0;
  let usualCostMs = 0;
  let samples = 0;
  /** Samples since the clock moved: it is not read with each of them, and what it says then is the cost of all. */
  let unaccounted = 0;
  let lastMs = 0;
  let lastCpuMs = 0;

  function heavyDebtMs(): number {
    return Math.max(HEAVY_DEBT_SECONDS * 1e3 * maxShare, HEAVY_DEBT_SAMPLES * usualCostMs);
  }

  function savingDelayMs(): number {
    if (creditMs >= usualCostMs) return 0;
    const delayMs = Math.min(usualCostMs - creditMs, usualCostMs * REPAYMENT_STRETCH) / share;
    const heaviness = -creditMs / heavyDebtMs();
    return heaviness > 1 ? Math.max(delayMs, HEAVY_DEBT_DELAY_MS * heaviness) : delayMs;
  }

  function noteCost(costMs: number): void {
    const countedMs = Math.min(costMs, Math.max(usualCostMs * OUTLIER_FACTOR, OUTLIER_FLOOR_MS));
    usualCostMs += (countedMs - usualCostMs) * Math.min(1, COST_WEIGHT * unaccounted);
    unaccounted = 0;
  }

  return {
    shortestDelayMs(nowMs, cpuMs, urgentMs, suspectMs) {
      const earnedMs = Math.max(0, nowMs - lastMs) * share;
      const spentMs = Math.max(0, cpuMs - lastCpuMs);
      lastMs = nowMs;
      lastCpuMs = cpuMs;
      if (samples++ === 0) return 0;
      unaccounted++;
      if (spentMs > 0) noteCost(spentMs / unaccounted);
      const mostCreditMs = Math.max(savedMs, SAVED_SAMPLES * usualCostMs);
      const isFree = samples <= FREE_SAMPLES + 1; // the time that is spent now is that of the sample before
      creditMs = Math.min(mostCreditMs, creditMs + earnedMs) - (isFree ? 0 : spentMs);
      if (isFree) return 0;
      const mayBorrow = creditMs > -Math.max(borrowedMs, BORROWED_SAMPLES * usualCostMs);
      const maySuspect = creditMs > -SUSPECT_SHARE * heavyDebtMs();
      const earnedDelayMs = usualCostMs / share;
      const grantedMs = mayBorrow ? urgentMs : Math.max(urgentMs, earnedDelayMs);
      const followedMs = maySuspect ? suspectMs : Math.max(suspectMs, earnedDelayMs);
      return Math.min(savingDelayMs(), grantedMs, followedMs);
    },
  };
}
