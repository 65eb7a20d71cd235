/**
 * Question: does a thread that fills its heap with plain objects read `emergency` before V8 aborts it, on every Node and heap size, however it
 * comes to look: by the heap's reader alone, and through a running runtime by the loop, by reads, by cache operations?
 * Rival, in the same run: `used_heap_size / heap_size_limit`, the ratio that others alarm on.
 *
 *   node dist/bench/heap-limit.js [--quick] [--runs 10] [--sizes 64,256,1024] [--ways reader,turns,...] [NODE...]
 *
 * NODE is the path of a node binary (the running one by default). Exit code 3 when a single run died below `emergency`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_THRESHOLDS } from '../src/core/classifier.js';
import { levelCode } from '../src/core/level.js';
import { formatRatio } from '../src/core/units.js';
import { EXIT_DOES_NOT_HOLD, reportClaim } from './claim.js';
import type { Witness } from './heap-limit/grow.js';
import { formatTable } from './table.js';

const GROW = fileURLToPath(new URL('./heap-limit/grow.js', import.meta.url));

/** Ways of the child: see there. */
const WAYS = 'reader,turns,level,at-least,state,seldom,cache';

function runOnce(node: string, sizeMib: number, way: string): Witness {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-heap-'));
  const file = join(directory, 'witness');
  const { signal, status } = spawnSync(node, [`--max-old-space-size=${sizeMib}`, GROW, file, way], { stdio: 'ignore' });
  if (signal !== 'SIGABRT' && status !== 134)
    throw new Error(`${node} ended with ${signal ?? status}, not of its heap`);
  const witness = JSON.parse(readFileSync(file, 'utf8')) as Witness;
  rmSync(directory, { recursive: true });
  return witness;
}

/** @returns a row of the table, and whether every run saw it. */
function measure(node: string, version: string, sizeMib: number, way: string, runs: number): [string[], boolean] {
  const results = Array.from({ length: runs }, () => runOnce(node, sizeMib, way));
  const spread = (ratios: number[]) => `${Math.min(...ratios).toFixed(3)} .. ${Math.max(...ratios).toFixed(3)}`;
  const row = (seen: number, ...more: string[]) => [version, String(sizeMib), way, `${seen}/${runs}`, ...more];
  if (way === 'reader') {
    const highest = results.map(({ highestRatio }) => highestRatio);
    const seen = highest.filter((ratio) => ratio >= DEFAULT_THRESHOLDS.emergency).length;
    const claim = `heap read before V8 aborts, the lowest of ${runs} runs, ${version}, ${sizeMib} MiB`;
    const percents = highest.map((ratio) => ratio * 100);
    reportClaim(claim, '%', { atLeast: DEFAULT_THRESHOLDS.emergency * 100 }, percents, 0);
    const rival = spread(results.map(({ rivalRatio }) => rivalRatio));
    return [row(seen, String(results[0]?.limitMib), spread(highest), rival), seen === runs];
  }
  const codes = results.map(({ level }) => levelCode(level));
  const seen = results.filter(({ level }) => level === 'emergency').length;
  const claim = `runtime's level before V8 aborts (0 to 3), the lowest of ${runs} runs, ${way}, ${version}, ${sizeMib} MiB`;
  reportClaim(claim, '', { atLeast: levelCode('emergency') }, codes, 0);
  return [row(seen), seen === runs];
}

function main(nodes: readonly string[], sizesMib: readonly number[], ways: readonly string[], runs: number): boolean {
  const { emergency } = DEFAULT_THRESHOLDS;
  console.log(`${cpus().length} × ${cpus()[0]?.model}, ${runs} runs each; emergency from ${formatRatio(emergency)}`);
  const rows = [['node', 'size MiB', 'way', 'emergency', 'limit read', 'highest ratio', 'used/heap_size_limit']];
  let holds = true;
  for (const node of nodes) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    for (const sizeMib of sizesMib) {
      for (const way of ways) {
        const [row, allSeen] = measure(node, version, sizeMib, way, runs);
        rows.push(row);
        if (!allSeen) holds = false;
      }
    }
  }
  console.log(formatTable(rows));
  console.log(holds ? 'holds' : 'does not hold');
  return holds;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    sizes: { type: 'string' },
    ways: { type: 'string', default: WAYS },
  },
});
const nodes = positionals.length > 0 ? positionals : [process.execPath];
const { runs = values.quick ? '3' : '10', sizes = values.quick ? '64,256' : '64,256,1024' } = values;
const holds = main(nodes, sizes.split(',').map(Number), values.ways.split(','), Number(runs));
process.exitCode = holds ? 0 : EXIT_DOES_NOT_HOLD;
