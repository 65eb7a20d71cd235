import { cpus, release, totalmem } from 'node:os';
import { formatBytes } from '../src/core/units.js';
import type { Bound, Claim } from './claim.js';

/** The final table: claim, bound, measured, spread, holds or not. */
export function formatClaims(claims: readonly Claim[]): string {
  const rows = claims.map((claim) => [
    claim.claim,
    claim.bound === null ? '' : `${formatBound(claim.bound)} ${claim.unit}`,
    `${formatNumber(claim.measured)} ${claim.unit}`,
    `${formatNumber(claim.spread[0])} .. ${formatNumber(claim.spread[1])}`,
    claim.holds === null ? '-' : claim.holds ? 'holds' : 'DOES NOT HOLD',
  ]);
  return formatTable([['claim', 'bound', 'measured', 'spread', ''], ...rows]);
}

/** Where the numbers come from; without it they mean nothing. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${cpus().length} x ${model}, ${formatBytes(totalmem())}, ${process.platform} ${release()}, Node ${process.version}`;
}

export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
}

function formatBound(bound: Bound): string {
  return 'atMost' in bound ? `<= ${formatNumber(bound.atMost)}` : `>= ${formatNumber(bound.atLeast)}`;
}

/** Three significant digits, and no exponent. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
