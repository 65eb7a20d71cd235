import type { Level } from '../core/level.js';
import { formatBytes, formatRatio } from '../core/units.js';
import { CACHE_NAMES } from './caches.js';
import type { DemoResult, Progress } from './demo.js';
import type { Enforcement } from './memory-limit/mechanism.js';

/** The limit of a run and who holds the process to it. */
export interface LimitNote {
  readonly limitBytes: number;
  readonly enforcedBy: Enforcement;
}

const COLOURS: Readonly<Record<Level, number>> = { normal: 32, warning: 33, critical: 35, emergency: 31 };
const LEVEL_WIDTH = 'unprotected'.length;

/** One line: time, level, progress, memory, evictions, caches; what may be cut off on a narrow terminal comes last. */
export function progressLine(progress: Progress, limitBytes: number, coloured: boolean): string {
  const { elapsedMs, jobsDone, jobCount, cacheBytes, watch } = progress;
  const level = watch.level();
  const usedBytes = watch.usedBytes();
  // Unprotected, nobody reads the group: the resident set is seen, which counts shared pages that the kernel charges to no one here.
  const what = level === null ? 'resident' : 'memory';
  const caches = CACHE_NAMES.map((name) => `${name} ${formatBytes(cacheBytes[name])}`).join(', ');
  return [
    `${(elapsedMs / 1000).toFixed(1).padStart(5)} s`,
    levelWord(level, coloured),
    `${String(Math.floor((jobsDone / jobCount) * 100)).padStart(3)} %`,
    `${what} ${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} (${formatRatio(usedBytes / limitBytes)})`,
    `evicted ${watch.evictedEntries()} in ${watch.totals().rounds} rounds`,
    caches,
  ].join('  ');
}

/** How far the work is, for a view that shows everything else. */
export function jobsLine({ elapsedMs, jobsDone, jobCount }: Progress): string {
  const share = formatRatio(jobsDone / jobCount);
  return `${(elapsedMs / 1000).toFixed(1)} s  job ${jobsDone} of ${jobCount} (${share})`;
}

function levelWord(level: Level | null, coloured: boolean): string {
  const word = (level ?? 'unprotected').padEnd(LEVEL_WIDTH);
  return coloured && level !== null ? `\x1b[${COLOURS[level]}m${word}\x1b[0m` : word;
}

/** Who holds the process to its limit, in words. */
export function describeLimit({ limitBytes, enforcedBy }: LimitNote): string {
  if (enforcedBy === 'none') return `${formatBytes(limitBytes)}, not enforced by the kernel`;
  return `${formatBytes(limitBytes)}, enforced by the kernel (${enforcedBy})`;
}

/** The lines at the end. */
export function summaryLines(result: DemoResult, limit: LimitNote, isProtected: boolean): string[] {
  const { checksum, jobCount, meanSsim, elapsedMs, peakUsedBytes, peakRssBytes } = result;
  const scores = `checksum over the scores of ${jobCount} jobs, mean SSIM ${meanSsim.toFixed(4)}`;
  const peak = `${formatBytes(peakUsedBytes)} (${formatRatio(peakUsedBytes / limit.limitBytes)} of the limit)`;
  return [
    `${isProtected ? 'protected' : 'unprotected'} run finished in ${(elapsedMs / 1000).toFixed(1)} s`,
    `  result       ${checksum.slice(0, 16)} (${scores})`,
    `  limit        ${describeLimit(limit)}`,
    `  peak memory  ${peak}, resident ${formatBytes(peakRssBytes)}`,
    `  hit rates    ${CACHE_NAMES.map((name) => hitRate(name, result)).join(', ')}`,
    ...(isProtected ? evictionLines(result) : ['  evictions    none: nobody watched the memory']),
  ];
}

function hitRate(name: (typeof CACHE_NAMES)[number], { counts }: DemoResult): string {
  const { hits, misses } = counts[name];
  const lookups = hits + misses;
  return `${name} ${lookups === 0 ? 'never asked' : `${formatRatio(hits / lookups)} of ${lookups}`}`;
}

function evictionLines({ evictions, evictedEntries }: DemoResult): string[] {
  const { rounds, evictedBytes, returnedBytes, collections, collectionMs } = evictions;
  const bytes = `${formatBytes(evictedBytes)} evicted, ${formatBytes(returnedBytes)} returned`;
  return [
    `  evictions    ${evictedEntries} entries under pressure`,
    `  rounds       ${rounds}: ${bytes}, collections ${collections} (${collectionMs.toFixed(0)} ms)`,
  ];
}
