import type { Cell } from './cells.js';
import { contest, type Outcome } from './contest.js';
import type { WorkloadOptions, WorkloadResult } from './workload.js';

const GRID_MIB = 25;

/** What all runs of one contestant came to. Shares and rates. */
export interface Summary {
  readonly runs: number;
  readonly survived: number;
  /** Of those that did not. */
  readonly exitCodes: readonly number[];
  /** Medians over the survivors. */
  readonly hitRate: number;
  readonly operationsPerSecond: number;
  /** Highest over the survivors, share of the limit. */
  readonly peakShare: number;
  readonly leastCacheMib: number;
  readonly meanCacheMib: number;
  readonly askedCollections: number;
  readonly evictedMib: number;
}

export type Contestant = Pick<WorkloadOptions, 'protection' | 'staticMib' | 'pressure'>;

export async function runContestant(cell: Cell, contestant: Contestant, runs: number): Promise<Summary> {
  return summarize(cell, await runOutcomes(cell, contestant, runs));
}

export async function runOutcomes(cell: Cell, contestant: Contestant, runs: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let run = 0; run < runs; run++) {
    outcomes.push(await contest({ ...cell.base, ...contestant, seed: 1 + run }));
  }
  return outcomes;
}

/** How two contestants came out of the same runs. */
export interface Race {
  readonly own: readonly Outcome[];
  readonly rival: readonly Outcome[];
  /** Operations per second over those of the rival, of each pair that lived. */
  readonly speedRatios: readonly number[];
}

/** Runs a contestant and a static size in turns, so that whatever the machine does meanwhile befalls both. */
export async function race(
  cell: Cell,
  contestant: Contestant,
  staticMib: number,
  pairs: number,
  firstSeed: number,
): Promise<Race> {
  const seen = { own: [] as Outcome[], rival: [] as Outcome[], speedRatios: [] as number[] };
  const staticSize: Contestant = { protection: 'static', staticMib, pressure: {} };
  for (let pair = 0; pair < pairs; pair++) {
    const run = (one: Contestant) => contest({ ...cell.base, ...one, seed: firstSeed + pair });
    const early = pair % 2 === 0 ? null : await run(staticSize);
    const own = await run(contestant);
    const theirs = early ?? (await run(staticSize));
    seen.own.push(own);
    seen.rival.push(theirs);
    if (own.survived && theirs.survived) seen.speedRatios.push(theirs.result.seconds / own.result.seconds);
  }
  return seen;
}

/** The best static size, and how it did. */
export interface Reference {
  readonly staticMib: number;
  readonly summary: Summary;
}

/**
 * The largest static size on the grid that survived all its runs with a peak no higher than `mostPeakShare`. Peaks grow with the
 * size, so the grid is halved with single runs, and the winner is confirmed with all of them. Null: no size survives.
 */
export async function findReference(cell: Cell, mostPeakShare: number, runs: number): Promise<Reference | null> {
  let low = 1;
  let high = Math.floor(cell.base.limitMib / GRID_MIB);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const summary = await runContestant(cell, staticOf(middle), 1);
    if (isSafe(summary, mostPeakShare)) low = middle;
    else high = middle - 1;
  }
  for (let step = low; step >= 1; step--) {
    const summary = await runContestant(cell, staticOf(step), runs);
    if (isSafe(summary, mostPeakShare)) return { staticMib: step * GRID_MIB, summary };
  }
  return null;
}

function staticOf(step: number): Contestant {
  return { protection: 'static', staticMib: step * GRID_MIB, pressure: {} };
}

function isSafe(summary: Summary, mostPeakShare: number): boolean {
  return summary.survived === summary.runs && summary.peakShare <= mostPeakShare;
}

export function summarize(cell: Cell, outcomes: readonly Outcome[]): Summary {
  const results = outcomes.flatMap((outcome) => (outcome.survived ? [outcome.result] : []));
  const most = (value: (result: WorkloadResult) => number) => Math.max(0, ...results.map(value));
  return {
    runs: outcomes.length,
    survived: results.length,
    exitCodes: outcomes.flatMap((outcome) => (outcome.survived ? [] : [outcome.exitCode])),
    hitRate: median(results.map(({ hits, operations }) => hits / operations)),
    operationsPerSecond: median(results.map(({ seconds, operations }) => operations / seconds)),
    peakShare: most((result) => peakShareOf(cell, result)),
    leastCacheMib: Math.min(...results.map(({ leastCacheBytes }) => leastCacheBytes)) / 2 ** 20,
    meanCacheMib: median(results.map(({ meanCacheBytes }) => meanCacheBytes)) / 2 ** 20,
    askedCollections: median(results.map(({ askedCollections }) => askedCollections)),
    evictedMib: median(results.map(({ evictedBytes }) => evictedBytes)) / 2 ** 20,
  };
}

/** How close a run came to the limit, of it. With page cache the container sits there whatever happens, and the resident set tells. */
export function peakShareOf({ base }: Cell, { peakContainerBytes, peakRssBytes }: WorkloadResult): number {
  const isResident = base.disturbance === 'page-cache' || peakContainerBytes === 0;
  return (isResident ? peakRssBytes : peakContainerBytes) / (base.limitMib * 2 ** 20);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
