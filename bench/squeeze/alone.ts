import { formatRatio } from '../../src/core/units.js';
import { quantile, reportClaim } from '../claim.js';
import { type Cell, TIGHT } from './cells.js';
import type { Outcome } from './contest.js';
import { peakShareOf, runOutcomes } from './reference.js';

const HEADINGS = ['cell', 'thresholds', 'lived', 'peak (median, least, most)', 'hit rate', 'cache least MiB'];

/** Has spillway run alone in each cell, which takes a tenth of the time that looking for its rivals does, and tells whether it lived and how close it came. */
export async function runAlone(cells: readonly Cell[], runs: number): Promise<void> {
  const lived: number[] = [];
  console.log(HEADINGS.join(' | '));
  for (const cell of cells) {
    for (const pressure of cell.disturbed ? [{}] : [{}, TIGHT]) {
      const outcomes = await runOutcomes(cell, { protection: 'spillway', staticMib: 0, pressure }, runs);
      const survived = outcomes.filter((outcome) => outcome.survived);
      lived.push(survived.length / outcomes.length);
      console.log([cell.name, pressure === TIGHT ? 'tight' : 'default', ...columnsOf(cell, outcomes)].join(' | '));
    }
  }
  if (lived.length > 0)
    reportClaim('squeeze: spillway lives, every cell, least', 'ratio', { atLeast: 1 }, [Math.min(...lived)]);
}

function columnsOf(cell: Cell, outcomes: readonly Outcome[]): string[] {
  const results = outcomes.flatMap((outcome) => (outcome.survived ? [outcome.result] : []));
  const exitCodes = outcomes.flatMap((outcome) => (outcome.survived ? [] : [outcome.exitCode]));
  const survivors = [`${results.length}/${outcomes.length}`, ...exitCodes.map((code) => `exit ${code}`)].join(' ');
  if (results.length === 0) return [survivors];
  const spread = (values: readonly number[]) => [0.5, 0, 1].map((share) => quantile(values, share));
  return [
    survivors,
    spread(results.map((result) => peakShareOf(cell, result)))
      .map(formatRatio)
      .join(' '),
    spread(results.map(({ hits, operations }) => hits / operations))
      .map(formatRatio)
      .join(' '),
    spread(results.map(({ leastCacheBytes }) => leastCacheBytes / 2 ** 20))
      .map(Math.round)
      .join(' '),
  ];
}
