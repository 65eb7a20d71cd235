import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateGifs } from '../../src/demo/generate-gifs.js';
import { median, reportClaim } from '../claim.js';
import { formatTable } from '../table.js';
import type { GifPoolOptions, GifPoolOutcome } from './gif-child.js';
import { runLimited } from './run-limited.js';

const LIMIT = '512MiB';

/** All that the caches would take, on as many threads as there may be: what the work takes when memory does not matter. */
const ROOMY = '8GiB';

/** On one thread they would fill the limit one and a half times. */
const JOBS = 1200;

/**
 * Does the GIF pipeline on a pool die under the limit without spillway, and finish with it, with the result that it has when there is
 * memory for everything? How much longer does it take then?
 */
export function compareGifPools(runs: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-gifs-'));
  try {
    const files = generateGifs().map(({ name, bytes }) => {
      const path = join(directory, name);
      writeFileSync(path, bytes);
      return path;
    });
    for (const threads of [1, 2, 4]) compare(threads, files, runs);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function compare(threads: number, files: readonly string[], runs: number): void {
  const run = (limit: string, isProtected: boolean) => {
    const options: GifPoolOptions = { threads, isProtected, jobs: JOBS, files };
    return runLimited<GifPoolOutcome>(limit, './gif-child.js', options);
  };
  const roomy = run(ROOMY, false);
  const bare = Array.from({ length: runs }, () => run(LIMIT, false));
  const kept = Array.from({ length: runs }, () => run(LIMIT, true));
  const rows = [
    [`all in memory`, roomy] as const,
    ...bare.map((outcome) => ['unprotected', outcome] as const),
    ...kept.map((outcome) => ['protected', outcome] as const),
  ].map(([name, { exitCode, result }]) => [name, `exit ${exitCode}`, ...describe(result)]);
  const head = `pool of ${threads}, ${JOBS} jobs`;
  console.log(formatTable([[head, 'ended', 'seconds', 'hit rate', 'peak MiB', 'sum of SSIM'], ...rows]));
  const isRight = (result: GifPoolOutcome | null) => result !== null && result.ssim === roomy.result?.ssim;
  const died = bare.filter(({ exitCode }) => exitCode !== 0).length;
  const finished = kept.filter(({ exitCode, result }) => exitCode === 0 && isRight(result)).length;
  const pool = `the GIF pipeline on a pool of ${threads} in ${LIMIT}`;
  reportClaim(`${pool}, unprotected, dies`, `of ${runs} runs`, { atLeast: runs }, [died]);
  reportClaim(`${pool}, protected, finishes with the same result`, `of ${runs} runs`, { atLeast: runs }, [finished]);
  const seconds = kept.flatMap(({ result }) => (result === null ? [] : [result.seconds]));
  if (seconds.length === 0 || roomy.result === null) return;
  const factors = seconds.map((value) => value / (roomy.result?.seconds ?? Number.NaN));
  reportClaim(`${pool}, protected, takes ${median(seconds).toFixed(1)} s; against ${ROOMY}`, 'x', null, factors);
}

function describe(result: GifPoolOutcome | null): string[] {
  if (result === null) return ['-', '-', '-', '-'];
  const { seconds, hitRate, peakMib, ssim } = result;
  return [seconds.toFixed(1), hitRate.toFixed(3), String(peakMib), ssim.toFixed(6)];
}
