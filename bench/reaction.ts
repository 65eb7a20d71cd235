/**
 * How long after memory crossed `critical` does the page show it, while the main thread is blocked the whole time? Ramps of 10 to 1000 MB/s in
 * child processes. The rival is a timer on the main thread: it never fires there.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { quantile, reportClaim } from './claim.js';
import { formatTable } from './table.js';

const RUNS = process.argv.includes('--quick') ? 20 : 100;
const RATES_MB = [10, 100, 500, 1000];
const RAMP = fileURLToPath(new URL('./reaction/ramp.js', import.meta.url));

const rows: string[][] = [['ramp', 'runs', 'p50', 'p99', 'worst']];
for (const rateMb of RATES_MB) {
  const output = execFileSync(process.execPath, ['--expose-gc', RAMP, String(rateMb), String(RUNS)], {
    encoding: 'utf8',
  });
  const latenessMs = JSON.parse(output) as number[];
  const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(latenessMs, share).toFixed(1));
  rows.push([`${rateMb} MB/s`, String(latenessMs.length), `${p50} ms`, `${p99} ms`, `${worst} ms`]);
  reportClaim(`critical seen on a ramp of ${rateMb} MB/s, loop blocked, p99`, 'ms', { atMost: 25 }, latenessMs, 0.99);
}
process.stdout.write(`${formatTable(rows)}\n`);
