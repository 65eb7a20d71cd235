/**
 * What does an operation on an LRUCache cost once the cache is registered? The same operations on a bare and on a registered cache, in pairs,
 * side by side in one process, by the `benchmark` package; every setting in a process of its own. Both must first agree with a model.
 * `--quick`: fewer pairs and settings.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Comparison, Setting } from './cache-ops/contest.js';
import { OPERATIONS, type Operation } from './cache-ops/workload.js';
import { median, quantile, reportClaim } from './claim.js';
import { formatTable } from './table.js';

const QUICK = process.argv.includes('--quick');
const PAIRS = QUICK ? 9 : 25;
const CONTEST = fileURLToPath(new URL('./cache-ops/contest.js', import.meta.url));

/** How much of a bare operation a registered one may cost. */
const BOUNDS: Record<Operation, number> = { get: 1.15, miss: 1.15, set: 1.2, mixed: 1.15 };

const COMMON: Omit<Setting, 'title'> = { caches: 1, keys: 'strings', limit: 'maxSize', sampling: 'calm', pairs: PAIRS };
const SETTINGS: readonly Setting[] = [
  { ...COMMON, title: '1 cache' },
  { ...COMMON, title: '10 caches', caches: 10 },
  { ...COMMON, title: '100 caches', caches: 100 },
  { ...COMMON, title: '1 cache, sampling every 10 ms', sampling: 'shortest' },
  { ...COMMON, title: '100 caches, sampling every 10 ms', caches: 100, sampling: 'shortest' },
  { ...COMMON, title: '1 cache, integers as keys', keys: 'integers' },
  { ...COMMON, title: '1 cache limited by entries', limit: 'max' },
];

const rows: string[][] = [['setting', 'operation', 'bare', 'registered', 'times', 'half of the pairs in']];
for (const setting of QUICK ? SETTINGS.slice(0, 3) : SETTINGS) {
  const output = execFileSync(process.execPath, [CONTEST, JSON.stringify(setting)], { encoding: 'utf8' });
  const comparisons = JSON.parse(output) as Record<Operation, Comparison>;
  for (const operation of OPERATIONS) {
    const { bareNs, registeredNs } = comparisons[operation];
    const ratios = bareNs.map((ns, pair) => (registeredNs[pair] ?? Number.NaN) / ns);
    reportClaim(`${operation}, ${setting.title}`, 'x bare', { atMost: BOUNDS[operation] }, ratios);
    const middle = [0.25, 0.75].map((share) => quantile(ratios, share).toFixed(3)).join(' .. ');
    const times = median(ratios).toFixed(3);
    rows.push([setting.title, operation, formatNs(median(bareNs)), formatNs(median(registeredNs)), times, middle]);
  }
}
process.stdout.write(`${formatTable(rows)}\n`);

function formatNs(ns: number): string {
  return `${ns.toFixed(1)} ns`;
}
