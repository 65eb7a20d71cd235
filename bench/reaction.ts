/**
 * How long after memory crossed `critical` does the page show it, while the main thread is blocked the whole time? Ramps of 10 to 1000 MB/s, each
 * in a child process of its own: a process that already freed memory fills it again without its resident set rising. The rival is a timer on the
 * main thread: it never fires there.
 *
 *   node dist/bench/reaction.js [--quick] [--runs 100] [MB/s...]
 *
 * Exit code 3 when a claim does not hold.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXIT_DOES_NOT_HOLD, quantile, reportClaim } from './claim.js';
import { formatTable } from './table.js';

const RATES_MB = ['10', '100', '500', '1000'];
const RAMP = fileURLToPath(new URL('./reaction/ramp.js', import.meta.url));

/** @param lead in [0, 1): how far ahead `critical` lies, so that runs cross it at all moments between two samples. */
function runOnce(rateMb: string, lead: number): number {
  const output = execFileSync(process.execPath, [RAMP, rateMb, String(lead)], { encoding: 'utf8' });
  return JSON.parse(output) as number;
}

function main(ratesMb: readonly string[], runs: number): boolean {
  const rows: string[][] = [['ramp', 'runs', 'p50', 'p99', 'worst']];
  let holds = true;
  for (const rateMb of ratesMb) {
    const latenessMs = Array.from({ length: runs }, (_, run) => runOnce(rateMb, run / runs));
    const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(latenessMs, share).toFixed(1));
    rows.push([`${rateMb} MB/s`, String(latenessMs.length), `${p50} ms`, `${p99} ms`, `${worst} ms`]);
    const name = `critical seen on a ramp of ${rateMb} MB/s, loop blocked, p99`;
    if (reportClaim(name, 'ms', { atMost: 25 }, latenessMs, 0.99).holds === false) holds = false;
  }
  process.stdout.write(`${formatTable(rows)}\n`);
  return holds;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, runs: { type: 'string' } },
});
const runs = Number(values.runs ?? (values.quick ? 20 : 100));
process.exitCode = main(positionals.length > 0 ? positionals : RATES_MB, runs) ? 0 : EXIT_DOES_NOT_HOLD;
