/**
 * What does the runtime cost a process that has plenty of memory? The same process without it, with it, and with what people use instead, each
 * in a process of its own; CPU time from the kernel's account of each thread.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MIB } from '../src/core/units.js';
import { DOCUMENT_PREFIX, median, reportClaim } from './claim.js';
import type { Measurement } from './overhead/contestant.js';
import { formatTable } from './table.js';

const QUICK = process.argv.includes('--quick');
const CALM_SECONDS = QUICK ? 10 : 60;
const SECONDS = QUICK ? 5 : 20;
const RSS_RUNS = QUICK ? 3 : 9;
const SEGMENTS = 6;
const CALM = 'spillway, calm';
const FAST = 'spillway, every 10 ms';
const CONTESTANTS = [
  'bare',
  CALM,
  FAST,
  'spillway, switched off',
  'systeminformation.mem(), every 10 ms',
  'process.memoryUsage(), every 10 ms',
];
const CONTESTANT = fileURLToPath(new URL('./overhead/contestant.js', import.meta.url));

function run(name: string, seconds: number, segments = SEGMENTS): Measurement {
  const output = execFileSync(process.execPath, [CONTESTANT, name, String(seconds), String(segments)], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as Measurement;
}

const percent = (share: number): number => share * 100;
const measured = new Map(CONTESTANTS.map((name) => [name, run(name, name === CALM ? CALM_SECONDS : SECONDS)]));
const bare = measured.get('bare');
const calm = measured.get(CALM);
const fast = measured.get(FAST);
if (bare === undefined || calm === undefined || fast === undefined) throw new Error('A contestant is missing');

const rows = [...measured].map(([name, { addedShares, mainShares, rssBytes, loopDelayP99Ms, samplesPerSecond }]) => [
  name,
  `${percent(median(addedShares)).toFixed(3)} %`,
  `${percent(median(mainShares)).toFixed(3)} %`,
  `${(rssBytes / MIB).toFixed(1)} MiB`,
  `${loopDelayP99Ms.toFixed(2)} ms`,
  samplesPerSecond.toFixed(1),
]);
const header = ['contestant', 'CPU of added threads', 'CPU of the main thread', 'RSS', 'loop delay p99', 'looks/s'];
process.stdout.write(`${formatTable([header, ...rows])}\n`);

const bareMain = median(bare.mainShares);
const cpuOf = ({ addedShares, mainShares }: Measurement): number[] =>
  addedShares.map((share, segment) => percent(share + Math.max(0, (mainShares[segment] ?? 0) - bareMain)));
reportClaim(`${DOCUMENT_PREFIX}CPU of the whole runtime, calm`, '% of a core', { atMost: 1 }, cpuOf(calm));
reportClaim(`sampler CPU, ${CALM_SECONDS} s of calm`, '% of a core', { atMost: 0.1 }, calm.addedShares.map(percent));
reportClaim('sampler CPU at the 10 ms cadence', '% of a core', { atMost: 1 }, fast.addedShares.map(percent));
const addedMiB = Array.from({ length: RSS_RUNS }, () => (run(CALM, 2, 1).rssBytes - run('bare', 2, 1).rssBytes) / MIB);
reportClaim('RSS that the runtime adds', 'MiB', { atMost: 12 }, addedMiB);
