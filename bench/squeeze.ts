/**
 * How much cache can be kept under a hard limit, and who lives: a Zipf-like working set three times the limit, each contestant in a
 * fresh process in a 512 MiB group. spillway runs with its defaults; its rival is the best static size, found by trial, that
 * lived through all its runs and peaked no higher, and that runs in turns with it where their speed is compared. Writes
 * bench-results/squeeze.json and squeeze.svg.
 * `--quick`: fewer cells and runs, minutes instead of hours. `--runs N`: runs of spillway per cell. `--cell PATTERN`: only cells whose
 * name this regular expression finds. `--resume`: cells that squeeze.json has already, with as many runs, are not run again.
 * `--alone`: spillway without rivals, to see in about two hours whether it lives everywhere; writes nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { PressureOptions } from '../src/index.js';
import { reportClaim } from './claim.js';
import { runAlone } from './squeeze/alone.js';
import { type Cell, fullCells, quickCells, TIGHT } from './squeeze/cells.js';
import { drawPicture } from './squeeze/picture.js';
import {
  type Contestant,
  findReference,
  race,
  runContestant,
  runOutcomes,
  type Summary,
  summarize,
} from './squeeze/reference.js';
import { type CellReport, formatReport, HEADINGS, hitRatio, speedRatio } from './squeeze/report.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    cell: { type: 'string', default: '' },
    resume: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs ?? (values.quick ? 2 : 10));
const referenceRuns = values.quick ? 1 : 3;
/** The same static size is a seventh faster or slower from run to run: the median of three pairs would tell of that. */
const racePairs = values.quick ? 1 : 5;
const cellPattern = new RegExp(values.cell);
const RESULTS = 'bench-results/squeeze.json';

/** No static size may come closer to the limit than this and still count as safe. */
const MOST_STATIC_PEAK = 0.95;

async function meet(cell: Cell): Promise<CellReport[]> {
  const about = { cell: cell.name, disturbed: cell.disturbed, expensive: cell.expensive };
  const unprotected = await runContestant(cell, { protection: 'none', staticMib: 0, pressure: {} }, 1);
  const port = await runContestant(cell, { protection: 'port', staticMib: 0, pressure: {} }, 1);
  const compared = await compare(cell, {}, runs, ({ peakShare }) => Math.min(MOST_STATIC_PEAK, peakShare));
  const reports: CellReport[] = [{ ...about, thresholds: 'default', unprotected, port, ...compared }];
  if (values.quick || cell.disturbed) return reports;
  const tight = await compare(cell, TIGHT, Math.ceil(runs / 2), () => MOST_STATIC_PEAK);
  return [...reports, { ...about, thresholds: 'tight', unprotected: null, port: null, ...tight }];
}

/** Runs spillway, finds its rival, and runs the two in turns: how fast they are is only told of these. */
async function compare(
  cell: Cell,
  pressure: PressureOptions,
  spillwayRuns: number,
  mostPeakShare: (alone: Summary) => number,
): Promise<Pick<CellReport, 'spillway' | 'reference' | 'speedRatios'>> {
  const contestant: Contestant = { protection: 'spillway', staticMib: 0, pressure };
  const alone = await runOutcomes(cell, contestant, spillwayRuns);
  const reference = await findReference(cell, mostPeakShare(summarize(cell, alone)), referenceRuns);
  if (reference === null) return { spillway: summarize(cell, alone), reference, speedRatios: [] };
  const { own, rival, speedRatios } = await race(cell, contestant, reference.staticMib, racePairs, alone.length + 1);
  const raced = summarize(cell, rival);
  const summary = {
    ...reference.summary,
    runs: reference.summary.runs + raced.runs,
    survived: reference.summary.survived + raced.survived,
    peakShare: Math.max(reference.summary.peakShare, raced.peakShare),
  };
  return { spillway: summarize(cell, [...alone, ...own]), reference: { ...reference, summary }, speedRatios };
}

/** The cells that are done, each with as many runs as are asked for now. */
function readDone(): CellReport[] {
  if (!values.resume || !existsSync(RESULTS)) return [];
  const done: CellReport[] = JSON.parse(readFileSync(RESULTS, 'utf8'));
  const isDone = ({ thresholds, spillway, reference, speedRatios }: Partial<CellReport>) =>
    speedRatios !== undefined &&
    spillway !== undefined &&
    spillway.runs >= (thresholds === 'default' ? runs : Math.ceil(runs / 2)) + (reference === null ? 0 : racePairs);
  const short = new Set(done.filter((report) => !isDone(report)).map(({ cell }) => cell));
  return done.filter(({ cell }) => !short.has(cell));
}

const cells = (values.quick ? quickCells() : fullCells()).filter(({ name }) => cellPattern.test(name));
if (values.alone) {
  await runAlone(cells, runs);
  process.exit();
}

const reports = readDone();
mkdirSync('bench-results', { recursive: true });
console.log(HEADINGS.join(' | '));
for (const report of reports) console.log(formatReport(report).join(' | '));
for (const cell of cells) {
  if (reports.some((report) => report.cell === cell.name)) continue;
  for (const report of await meet(cell)) {
    reports.push(report);
    console.log(formatReport(report).join(' | '));
  }
  writeFileSync(RESULTS, `${JSON.stringify(reports, null, 2)}\n`); // so that a run that is cut off can be resumed
}

writeFileSync('bench-results/squeeze.svg', drawPicture(reports.filter(({ thresholds }) => thresholds === 'default')));
console.log(`wrote ${RESULTS} and bench-results/squeeze.svg`);

const known = (values_: (number | null)[]) => values_.filter((value) => value !== null);
const calm = reports.filter(({ disturbed, expensive }) => !disturbed && !expensive);
const expensive = reports.filter((report) => report.expensive);
const disturbed = reports.filter((report) => report.disturbed);
const least = (list: readonly number[]) => (list.length === 0 ? [] : [Math.min(...list)]);
const claim = (text: string, bound: number, list: readonly number[]) => {
  if (list.length > 0) reportClaim(text, 'ratio', { atLeast: bound }, list);
};
claim(
  'squeeze: spillway lives, every cell, least',
  1,
  least(reports.map(({ spillway }) => spillway.survived / spillway.runs)),
);
claim('squeeze: hit rate over the best static size, undisturbed, least', 0.95, least(known(calm.map(hitRatio))));
claim('squeeze: the same, median', 0.97, known(calm.map(hitRatio)));
claim('squeeze: operations per second over it, undisturbed, least', 0.9, least(known(calm.map(speedRatio))));
claim('squeeze: the same, median', 0.95, known(calm.map(speedRatio)));
claim('squeeze: hit rate where a miss is expensive, least', 1, least(known(expensive.map(hitRatio))));
claim('squeeze: operations per second where a miss is expensive, least', 1, least(known(expensive.map(speedRatio))));
claim('squeeze: hit rate while disturbed, least', 1, least(known(disturbed.map(hitRatio))));
