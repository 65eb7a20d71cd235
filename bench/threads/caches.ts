import { reportClaim } from '../claim.js';
import { formatTable } from '../table.js';
import type { PoolOptions, PoolOutcome } from './pool-child.js';
import { type LimitedRun, runLimited } from './run-limited.js';

const LIMIT = '512MiB';
const LIMIT_MIB = 512;
const THREADS = 2;

/** What a miss costs where hit rates are compared, µs: a small picture that is decoded. */
const MISS_US = 300;
const COMPARED_TASKS = 60;

/** Joint sizes that one would try by hand, MiB; the largest that lives through all its runs is the rival. */
const STATIC_MIB = [300, 250, 200, 150];

function runPool(options: PoolOptions): LimitedRun<PoolOutcome> {
  return runLimited(LIMIT, './pool-child.js', options);
}

/** Does a pool, each thread of which has a cache that alone would fill the limit, die without spillway and finish with it? */
export function compareSurvival(runs: number): void {
  for (const material of ['buffers', 'objects'] as const) {
    const base = { threads: THREADS, material, tasks: material === 'objects' ? 40 : 120 };
    const pairs = Array.from({ length: runs }, () => ({
      bare: runPool({ ...base, mode: 'unprotected' }),
      kept: runPool({ ...base, mode: 'protected' }),
    }));
    const rows = pairs.map(({ bare, kept }, index) => [
      String(index + 1),
      `exit ${bare.exitCode}`,
      `exit ${kept.exitCode}`,
      ...describe(kept.result),
    ]);
    console.log(
      formatTable([[material, 'unprotected', 'protected', 'seconds', 'hit rate', 'cache MiB', 'peak MiB'], ...rows]),
    );
    const count = (hold: (pair: (typeof pairs)[number]) => boolean) => pairs.filter(hold).length;
    const unit = `of ${runs} runs`;
    const pool = `a pool of ${THREADS} with ${material} in ${LIMIT}`;
    reportClaim(`${pool}, unprotected, dies`, unit, { atLeast: runs }, [count(({ bare }) => bare.exitCode !== 0)]);
    reportClaim(`${pool}, protected, finishes`, unit, { atLeast: runs }, [count(({ kept }) => kept.exitCode === 0)]);
  }
}

/** What is left of the hit rate, against caches whose size was found by trial, on two threads with Buffers? */
export function compareHitRates(runs: number): void {
  const base = { threads: THREADS, material: 'buffers', tasks: COMPARED_TASKS, missUs: MISS_US } as const;
  const rows: string[][] = [];
  const ratesOf = (name: string, options: PoolOptions): number[] => {
    const outcomes = Array.from({ length: runs }, () => runPool(options));
    for (const { exitCode, result } of outcomes) rows.push([name, `exit ${exitCode}`, ...describe(result)]);
    const lived = outcomes.flatMap(({ result }) => (result !== null && result.peakMib <= LIMIT_MIB ? [result] : []));
    return lived.length === runs || options.mode === 'protected' ? lived.map(({ hitRate }) => hitRate) : [];
  };
  const own = Array.from({ length: runs }, () => runPool({ ...base, mode: 'protected' }));
  for (const { exitCode, result } of own) rows.push(['spillway', `exit ${exitCode}`, ...describe(result)]);
  let rival: { readonly mib: number; readonly rates: readonly number[] } | null = null;
  for (const mib of STATIC_MIB) {
    const rates = ratesOf(`static ${mib} MiB`, { ...base, mode: 'static', staticMib: mib });
    if (rates.length === 0) continue;
    rival = { mib, rates };
    break;
  }
  console.log(formatTable([['contestant', 'ended', 'seconds', 'hit rate', 'cache MiB', 'peak MiB'], ...rows]));
  if (rival === null) return;
  const { mib, rates } = rival;
  const rivalRate = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const ratios = own.map(({ result }) => (result?.hitRate ?? 0) / rivalRate);
  reportClaim(`hit rate of a pool of ${THREADS} with buffers, against static caches of ${mib} MiB`, 'x', null, ratios);
}

function describe(result: PoolOutcome | null): string[] {
  if (result === null) return ['-', '-', '-', '-'];
  const { seconds, hitRate, cacheMib, peakMib } = result;
  return [seconds.toFixed(1), hitRate.toFixed(3), String(cacheMib), String(peakMib)];
}
