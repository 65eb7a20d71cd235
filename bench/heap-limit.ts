/**
 * Question: does a thread that fills its heap with plain objects read `emergency` before V8 aborts it, on every Node and heap size?
 * Rival, in the same run: `used_heap_size / heap_size_limit`, the ratio that others alarm on.
 *
 *   node dist/bench/heap-limit.js [--quick] [--runs 10] [--sizes 64,256,1024] [NODE...]
 *
 * NODE is the path of a node binary (the running one by default). Exit code 3 when a single run died below `emergency`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { DEFAULT_THRESHOLDS } from '../src/core/classifier.js';
import { formatRatio } from '../src/core/units.js';
import { HeapReader } from '../src/sources/v8-heap.js';
import { EXIT_DOES_NOT_HOLD, reportClaim } from './claim.js';

/** As often as the sampler looks when it is in a hurry, which is when a thread's cache operations publish its heap. */
const READ_EVERY_MS = 10;

interface Run {
  readonly highestRatio: number;
  readonly rivalRatio: number;
  readonly limitMib: number;
}

/** The child: grows until it dies, and leaves the highest ratios in `file`, which outlives an abort. */
function grow(file: string): never {
  const descriptor = openSync(file, 'w');
  const reader = new HeapReader();
  const heap = { oldUsedBytes: 0, oldLimitBytes: 1, heapUsedBytes: 0, externalBytes: 0 };
  let highest = 0;
  let rival = 0;
  const held: object[] = [];
  for (let i = 0, nextMs = 0; ; i++) {
    held.push({ id: i, pair: [i, i + 1], name: `object ${i}` });
    if (i % 50 !== 0 || performance.now() < nextMs) continue;
    nextMs = performance.now() + READ_EVERY_MS;
    reader.readInto(heap);
    highest = Math.max(highest, heap.oldUsedBytes / heap.oldLimitBytes);
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    rival = Math.max(rival, used_heap_size / heap_size_limit);
    writeSync(descriptor, JSON.stringify([highest, rival, heap.oldLimitBytes / 2 ** 20]).padEnd(100), 0);
  }
}

function runOnce(node: string, sizeMib: number): Run {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-heap-'));
  const file = join(directory, 'ratios');
  const flags = [`--max-old-space-size=${sizeMib}`, fileURLToPath(import.meta.url), '--grow', file];
  const { signal, status } = spawnSync(node, flags, { stdio: 'ignore' });
  if (signal !== 'SIGABRT' && status !== 134)
    throw new Error(`${node} ended with ${signal ?? status}, not of its heap`);
  const [highestRatio, rivalRatio, limitMib] = JSON.parse(readFileSync(file, 'utf8')) as [number, number, number];
  rmSync(directory, { recursive: true });
  return { highestRatio, rivalRatio, limitMib };
}

function main(nodes: readonly string[], sizesMib: readonly number[], runs: number): boolean {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, ${runs} runs each; emergency from ${formatRatio(DEFAULT_THRESHOLDS.emergency)}`,
  );
  console.log(
    'node      size MiB   limit read   emergency seen   highest ratio: least .. most   used/heap_size_limit: least .. most',
  );
  let holds = true;
  for (const node of nodes) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    for (const sizeMib of sizesMib) {
      const results = Array.from({ length: runs }, () => runOnce(node, sizeMib));
      const seen = results.filter(({ highestRatio }) => highestRatio >= DEFAULT_THRESHOLDS.emergency).length;
      if (seen < runs) holds = false;
      const highest = results.map(({ highestRatio }) => highestRatio * 100);
      const claim = `heap read before V8 aborts, the lowest of ${runs} runs, ${version}, ${sizeMib} MiB`;
      reportClaim(claim, '%', { atLeast: DEFAULT_THRESHOLDS.emergency * 100 }, highest, 0);
      const spread = (ratios: number[]) => `${Math.min(...ratios).toFixed(3)} .. ${Math.max(...ratios).toFixed(3)}`;
      console.log(
        [
          version.padEnd(9),
          String(sizeMib).padStart(8),
          String(results[0]?.limitMib).padStart(12),
          `${seen}/${runs}`.padStart(16),
          spread(results.map(({ highestRatio }) => highestRatio)).padStart(30),
          spread(results.map(({ rivalRatio }) => rivalRatio)).padStart(38),
        ].join(' '),
      );
    }
  }
  console.log(holds ? 'holds' : 'does not hold');
  return holds;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    grow: { type: 'string' },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    sizes: { type: 'string' },
  },
});
if (values.grow !== undefined) grow(values.grow);
const nodes = positionals.length > 0 ? positionals : [process.execPath];
const { runs = values.quick ? '3' : '10', sizes = values.quick ? '64,256' : '64,256,1024' } = values;
process.exitCode = main(nodes, sizes.split(',').map(Number), Number(runs)) ? 0 : EXIT_DOES_NOT_HOLD;
