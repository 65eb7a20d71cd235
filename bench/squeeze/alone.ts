import { formatRatio, MIB } from '../../src/core/units.js';
import { quantile, reportClaim } from '../claim.js';
import { type Cell, TIGHT } from './cells.js';
import type { Outcome } from './contest.js';
import { peakShareOf, runOutcomes, summarize } from './reference.js';
import type { WorkloadResult } from './workload.js';

const HEADINGS = ['cell', 'thresholds', 'lived', 'peak (median, least, most)', 'hit rate', 'least cache, MiB'];

/** Has spillway run without rivals in each cell, and tells whether it lived and how close to the limit it came. */
export async function runAlone(cells: readonly Cell[], runs: number): Promise<void> {
  const lived: number[] = [];
  console.log(HEADINGS.join(' | '));
  for (const cell of cells) {
    for (const pressure of cell.disturbed ? [{}] : [{}, TIGHT]) {
      const outcomes = await runOutcomes(cell, { protection: 'spillway', staticMib: 0, pressure }, runs);
      const { survived, exitCodes } = summarize(cell, outcomes);
      lived.push(survived / runs);
      const survivors = [`${survived}/${runs}`, ...exitCodes.map((code) => `exit ${code}`)].join(' ');
      const thresholds = pressure === TIGHT ? 'tight' : 'default';
      console.log([cell.name, thresholds, survivors, ...spreadsOf(cell, outcomes)].join(' | '));
    }
  }
  if (lived.length > 0)
    reportClaim('squeeze: spillway lives, every cell, least', 'ratio', { atLeast: 1 }, [Math.min(...lived)]);
}

/** Peak, hit rate and least cache of those that lived: median, least and most. */
function spreadsOf(cell: Cell, outcomes: readonly Outcome[]): string[] {
  const results = outcomes.flatMap((outcome) => (outcome.survived ? [outcome.result] : []));
  if (results.length === 0) return [];
  const spread = (value: (result: WorkloadResult) => number, format: (value: number) => string) =>
    [0.5, 0, 1].map((share) => format(quantile(results.map(value), share))).join(' ');
  return [
    spread((result) => peakShareOf(cell, result), formatRatio),
    spread(({ hits, operations }) => hits / operations, formatRatio),
    spread(
      ({ leastCacheBytes }) => leastCacheBytes / MIB,
      (mib) => mib.toFixed(0),
    ),
  ];
}
