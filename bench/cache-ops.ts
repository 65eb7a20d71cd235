/**
 * What does an operation on an LRUCache cost once the cache is registered? The same operations on a bare and on a registered cache, in pairs, side by
 * side in one process, by the `benchmark` package. Both must first agree with a model. Every setting is timed in several processes, since the
 * compiler decides anew in each what it inlines, and keeps to it: pairs of one process agree to a few percent, processes only to twenty.
 * Shown beside the claims: each kind apart, in processes that know no other, as most programs do; V8 compiles a bare one better there than beside a
 * registered one. `--quick`: fewer processes, pairs and settings.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contestant, Setting, Timings } from './cache-ops/contest.js';
import { OPERATIONS, type Operation } from './cache-ops/workload.js';
import { median, reportClaim } from './claim.js';
import { formatTable } from './table.js';

const QUICK = process.argv.includes('--quick');
const PAIRS = QUICK ? 9 : 13;

/** For each setting. */
const PROCESSES = QUICK ? 3 : 7;
const CONTEST = fileURLToPath(new URL('./cache-ops/contest.js', import.meta.url));

/** How much of a bare operation a registered one may cost. */
const BOUNDS: Record<Operation, number> = { get: 1.15, miss: 1.15, set: 1.2, mixed: 1.15 };

/** A setting, and whether each contestant has its processes to itself; what is seen there is shown, not claimed. */
type Question = Omit<Setting, 'contestants'> & { readonly apart: boolean };

const COMMON: Omit<Question, 'title'> = {
  caches: 1,
  keys: 'strings',
  limit: 'maxSize',
  sampling: 'calm',
  pairs: PAIRS,
  apart: false,
};
const SETTINGS: readonly Question[] = [
  { ...COMMON, title: '1 cache' },
  { ...COMMON, title: '10 caches', caches: 10 },
  { ...COMMON, title: '100 caches', caches: 100 },
  { ...COMMON, title: '1 cache, apart', apart: true },
  { ...COMMON, title: '100 caches, apart', caches: 100, apart: true },
  { ...COMMON, title: '1 cache, sampling every 10 ms', sampling: 'shortest' },
  { ...COMMON, title: '100 caches, sampling every 10 ms', caches: 100, sampling: 'shortest' },
  { ...COMMON, title: '1 cache, integers as keys', keys: 'integers' },
  { ...COMMON, title: '1 cache limited by entries', limit: 'max' },
];

const settings = QUICK ? SETTINGS.slice(0, 5) : SETTINGS;
/** By setting. The processes of one are spread over the whole run, as whatever else the machine does meanwhile is not. */
const timings: Timings[][] = settings.map(() => []);
for (let round = 0; round < PROCESSES; round++) {
  for (const [index, setting] of settings.entries()) timings[index]?.push(timeOnce(setting));
}

const rows: string[][] = [['setting', 'operation', 'bare', 'registered', 'times', 'in each process']];
for (const [index, setting] of settings.entries()) {
  for (const operation of OPERATIONS) {
    const processes = (timings[index] ?? []).map((ofProcess) => ofProcess[operation]);
    const ratios = processes.map(ratiosOf);
    const bound = setting.apart ? null : { atMost: BOUNDS[operation] };
    reportClaim(`${operation}, ${setting.title}`, 'x bare', bound, ratios.flat());
    rows.push([
      setting.title,
      operation,
      formatNs(median(processes.flatMap(({ bare }) => bare))),
      formatNs(median(processes.flatMap(({ registered }) => registered))),
      median(ratios.flat()).toFixed(3),
      ratios.map((ofProcess) => median(ofProcess).toFixed(2)).join(' '),
    ]);
  }
}
process.stdout.write(`${formatTable(rows)}\n`);

function timeOnce({ apart, ...setting }: Question): Timings {
  if (!apart) return timeIn({ ...setting, contestants: ['bare', 'registered'] });
  const bare = timeIn({ ...setting, contestants: ['bare'] });
  const registered = timeIn({ ...setting, contestants: ['registered'] });
  for (const operation of OPERATIONS) bare[operation].registered = registered[operation].registered;
  return bare;
}

function timeIn(setting: Setting): Timings {
  const output = execFileSync(process.execPath, [CONTEST, JSON.stringify(setting)], { encoding: 'utf8' });
  return JSON.parse(output) as Timings;
}

function ratiosOf({ bare, registered }: Record<Contestant, number[]>): number[] {
  return bare.map((ns, pair) => (registered[pair] ?? Number.NaN) / ns);
}

function formatNs(ns: number): string {
  return `${ns.toFixed(1)} ns`;
}
