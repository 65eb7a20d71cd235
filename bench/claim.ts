/** What a claim is held against: the measured value must be at most, or at least, this. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the final table. */
export interface Claim {
  readonly claim: string;
  readonly unit: string;
  readonly bound: Bound | null;
  /** What is held against the bound: the median of the runs, or another quantile that the claim names. */
  readonly measured: number;
  /** Least and greatest of the runs. */
  readonly spread: readonly [number, number];
  /** Null for a line that is shown for comparison and claims nothing. */
  readonly holds: boolean | null;
}

/** Begins the claims of the document that this project started from; they stand first in the table. */
export const DOCUMENT_PREFIX = 'document: ';

/** Marks the lines of a benchmark's output that the runner collects; the rest is for the reader. */
export const CLAIM_PREFIX = '@@claim ';

/** Exit code of a benchmark that ran to its end with a claim that does not hold; Node ends with 1 after an exception. */
export const EXIT_DOES_NOT_HOLD = 3;

/**
 * Prints a claim as a line that the runner collects.
 * @param runs one value for each repetition, at least one.
 * @param share the quantile of the runs that is held against the bound.
 */
export function reportClaim(
  claim: string,
  unit: string,
  bound: Bound | null,
  runs: readonly number[],
  share = 0.5,
): Claim {
  const measured = quantile(runs, share);
  const line: Claim = {
    claim,
    unit,
    bound,
    measured,
    spread: [Math.min(...runs), Math.max(...runs)],
    holds: bound === null ? null : meets(measured, bound),
  };
  process.stdout.write(`${CLAIM_PREFIX}${JSON.stringify(line)}\n`);
  return line;
}

export function parseClaim(line: string): Claim | null {
  return line.startsWith(CLAIM_PREFIX) ? (JSON.parse(line.slice(CLAIM_PREFIX.length)) as Claim) : null;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** By linear interpolation between the two nearest ranks. @param share 0..1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

function meets(measured: number, bound: Bound): boolean {
  return 'atMost' in bound ? measured <= bound.atMost : measured >= bound.atLeast;
}
