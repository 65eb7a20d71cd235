import { formatBytes, formatRatio } from '#src/core/units.js';
import type { Run } from './run.js';
import type { Moment } from './witness.js';

/** What a person needs to understand a run: the scenario, then a line for each change. */
export function trace(run: Run, mostLines = 200): string {
  const { matters, scenario, death } = run;
  const lines: string[] = [];
  let shown: Moment | null = null;
  for (const moment of matters[0] ?? []) {
    if (shown !== null && !isWorthALine(moment, shown)) continue;
    shown = moment;
    lines.push(lineOf(moment));
  }
  const last = death === null ? 'lived' : `died of the ${death.of} limit at ${death.atMs.toFixed(0)} ms`;
  const left = lines.length - mostLines;
  const most =
    left > 0 ? [...lines.slice(0, mostLines / 2), `... ${left} lines ...`, ...lines.slice(-mostLines / 2)] : lines;
  return [JSON.stringify(scenario, readable, 1), ...most, last].join('\n');
}

/** Bytes read better in MiB. */
function readable(key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (value === Number.POSITIVE_INFINITY) return 'for ever';
  return key.endsWith('Bytes') ? formatBytes(value) : Math.round(value * 1000) / 1000;
}

const SELDOM_MS = 1000;
const NOTABLE_SHARE = 0.03;

function isWorthALine(moment: Moment, shown: Moment): boolean {
  const notableBytes = NOTABLE_SHARE * moment.limitBytes;
  return (
    moment.level !== shown.level ||
    moment.cause !== shown.cause ||
    moment.decision.evictBytes > 0 ||
    moment.decision.collect !== 'never' ||
    moment.atMs - shown.atMs > SELDOM_MS ||
    Math.abs(moment.usedBytes - shown.usedBytes) > notableBytes ||
    Math.abs(moment.cacheBytes - shown.cacheBytes) > notableBytes
  );
}

function lineOf({ atMs, level, cause, usedBytes, limitBytes, cacheBytes, deadBytes, decision }: Moment): string {
  const { evictBytes, collect, capBytes, reason } = decision;
  return [
    `${atMs.toFixed(0)} ms`.padStart(9),
    `${level}${cause === null ? '' : ` (${cause})`}`.padEnd(20),
    `used ${formatRatio(usedBytes / limitBytes)}`.padEnd(13),
    `caches ${formatBytes(cacheBytes)}`.padEnd(15),
    `dead ${formatBytes(deadBytes)}`.padEnd(14),
    `cap ${capBytes === null ? 'none' : formatBytes(capBytes)}`.padEnd(13),
    evictBytes > 0 ? `evict ${formatBytes(evictBytes)}` : '',
    collect === 'never' ? '' : `collect ${collect}`,
    reason,
  ].join(' ');
}
