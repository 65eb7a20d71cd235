/**
 * What does it cost to evict, and how long does it take? Three questions, each in processes of its own: half of 100 000 entries through the
 * dispatcher against a bare `pop()` loop; from the crossing of `critical` to the bytes dropped and returned, on a free loop and on a blocked
 * one; and what rounds below emergency do to the delay of a free loop, against the same loop without them. `--quick`: fewer runs.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, quantile, reportClaim } from './claim.js';
import type { Crossing, CrossingResult } from './eviction/crossing.js';
import type { Delays } from './eviction/delay.js';
import type { Halves } from './eviction/half.js';
import { formatTable } from './table.js';

const QUICK = process.argv.includes('--quick');
const PAIRS = QUICK ? 9 : 25;
const CROSSINGS = QUICK ? 5 : 100;

function run<T>(program: string, argv: readonly string[]): T {
  const path = fileURLToPath(new URL(`./eviction/${program}.js`, import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [path, ...argv], { encoding: 'utf8' })) as T;
}

const rows: string[][] = [['half of 100 000 entries', 'pop() loop', 'dispatcher', 'times', 'the next miss']];
for (const level of ['emergency', 'critical']) {
  const { bareMs, dispatchedMs, missMs } = run<Halves>('half', [level, String(PAIRS)]);
  const ratios = bareMs.map((ms, pair) => (dispatchedMs[pair] ?? Number.NaN) / ms);
  const how = level === 'emergency' ? 'in one go' : 'in slices';
  reportClaim(`half of 100 000 entries evicted ${how}`, 'x pop()', { atMost: 1.3 }, ratios);
  const times = median(ratios).toFixed(3);
  rows.push([how, formatMs(median(bareMs)), formatMs(median(dispatchedMs)), times, formatMs(median(missMs))]);
}
process.stdout.write(`${formatTable(rows)}\n\n`);

const crossings: string[][] = [
  ['crossing of critical', 'with a round', 'evicted p50', 'p99', 'returned p50', 'p99', 'report complete p50', 'p99'],
];
for (const loop of ['free', 'blocked'] as const) {
  for (const holds of ['100 000 entries', '500 MB'] as const) {
    const title = `${holds}, loop ${loop}`;
    const { evictedMs } = showCrossings({ holds, loop, rise: 'steady' }, title);
    reportClaim(`critical to evicted, ${title}, p99`, 'ms', { atMost: 100 }, evictedMs, 0.99);
  }
  const far = { holds: '500 MB', loop, rise: 'far' } as const;
  const { returnedMs } = showCrossings(far, `500 MB, far past it, loop ${loop}`);
  reportClaim(`critical to returned, Buffers of 256 KiB, loop ${loop}, p99`, 'ms', { atMost: 250 }, returnedMs, 0.99);
}
process.stdout.write(`${formatTable(crossings)}\n\n`);

const { restMs, roundsMs, rounds } = run<Delays>('delay', [String(PAIRS)]);
const risesMs = restMs.map((ms, pair) => (roundsMs[pair] ?? Number.NaN) - ms);
reportClaim('p99 delay of a free loop, rise by rounds at critical', 'ms', { atMost: 5 }, risesMs);
process.stdout.write(
  `${formatTable([
    ['p99 delay of a free loop', 'at rest', 'with rounds', 'rounds per pair'],
    ['', formatMs(median(restMs)), formatMs(median(roundsMs)), String(Math.round(rounds / PAIRS))],
  ])}\n`,
);

/** Runs the crossings of a cell and adds its row. */
function showCrossings(crossing: Crossing, title: string) {
  const all = Array.from({ length: CROSSINGS }, () => run<CrossingResult>('crossing', [JSON.stringify(crossing)]));
  const results = all.filter((result) => result !== null);
  if (results.length === 0) throw new Error(`No crossing needed a round: ${title}`);
  const evictedMs = results.map((result) => result.evictedMs);
  const returnedMs = results.map((result) => result.returnedMs);
  const settledMs = results.flatMap((result) => result.settledMs ?? []);
  const relief = crossing.rise === 'far' ? [returnedMs, settledMs] : [[], []];
  const quantiles = [evictedMs, ...relief].flatMap((times) =>
    [0.5, 0.99].map((share) => (times.length === 0 ? '' : formatMs(quantile(times, share)))),
  );
  crossings.push([title, `${results.length} of ${CROSSINGS}`, ...quantiles]);
  return { evictedMs, returnedMs };
}

function formatMs(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
