/**
 * Several threads under one limit.
 *
 * - Does a pool of two threads, each with a cache that alone would fill 512 MiB, die without spillway and finish with it, every time, with
 *   Buffers against the group's limit and with objects against each thread's heap?
 * - What does a byte on the ledger cost against the same byte on private memory, and does a thread slow down when others write theirs?
 *   The physical limit is the same loop on private memory with as many threads.
 * - What does `reserve` cost when there is room?
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startPressureRuntime } from '../src/index.js';
import { claimCache } from '../src/page/cache-rows.js';
import { createPage } from '../src/page/page.js';
import { claimThread } from '../src/page/thread-rows.js';
import { median, reportClaim } from './claim.js';
import { describeMachine, formatTable } from './table.js';
import type { HammerData } from './threads/hammer.js';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 2 : 10;
const LIMIT = '512MiB';
const CHILD = fileURLToPath(new URL('./threads/pool-child.js', import.meta.url));
const UNDER_LIMIT = fileURLToPath(new URL('../src/demo/memory-limit/main.js', import.meta.url));
const HAMMER = new URL('./threads/hammer.js', import.meta.url);
const CACHE = { name: 'frame', priority: 10, minBytes: 0, maxBytes: -1, rebuildUs: -1 };

interface Outcome {
  readonly exitCode: number | null;
  readonly seconds: number | null;
  readonly hitRate: number | null;
  readonly peakMib: number | null;
}

function runPool(threads: number, material: string, mode: string): Outcome {
  const tasks = material === 'objects' ? 40 : 120;
  const child = [process.execPath, CHILD, String(threads), material, mode, String(tasks)];
  const { status, stdout } = spawnSync(process.execPath, [UNDER_LIMIT, LIMIT, '--', ...child], { encoding: 'utf8' });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  const result = line === undefined ? null : (JSON.parse(line) as Omit<Outcome, 'exitCode'>);
  return { exitCode: status, seconds: null, hitRate: null, peakMib: null, ...result };
}

function survive(): void {
  for (const material of ['buffers', 'objects']) {
    const runs = Array.from({ length: RUNS }, () => ({
      bare: runPool(2, material, 'unprotected'),
      kept: runPool(2, material, 'protected'),
    }));
    console.log(
      formatTable([
        [material, 'unprotected', 'protected', 'seconds', 'hit rate', 'peak MiB'],
        ...runs.map(({ bare, kept }, index) => [
          String(index + 1),
          `exit ${bare.exitCode}`,
          `exit ${kept.exitCode}`,
          (kept.seconds ?? 0).toFixed(1),
          (kept.hitRate ?? 0).toFixed(3),
          String(kept.peakMib ?? '-'),
        ]),
      ]),
    );
    const died = runs.filter(({ bare }) => bare.exitCode !== 0).length;
    const finished = runs.filter(({ kept }) => kept.exitCode === 0).length;
    claimShare(`a pool of 2 with ${material} in ${LIMIT}, unprotected, dies`, died);
    claimShare(`a pool of 2 with ${material} in ${LIMIT}, protected, finishes`, finished);
  }
}

function claimShare(claim: string, count: number): void {
  reportClaim(claim, `of ${RUNS} runs`, { atLeast: RUNS }, [count]);
}

/** Stores per second of each of `threads` threads that write at the same time. */
async function hammer(threads: number, shared: boolean): Promise<number> {
  const words = createPage();
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const workers = Array.from({ length: threads }, (_, index) => {
    const row = claimCache(words, claimThread(words, index + 1, -1), CACHE);
    const workerData: HammerData = { words: shared ? words : null, row, gate };
    return new Worker(HAMMER, { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const rates = workers.map((worker) => once(worker, 'message'));
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  setTimeout(() => Atomics.store(gate, 1, 1), QUICK ? 200 : 500);
  const perThread = (await Promise.all(rates)).map(([rate]) => rate as number);
  return perThread.reduce((sum, rate) => sum + rate, 0) / threads;
}

async function scale(): Promise<void> {
  const rows: string[][] = [['threads', 'ledger, M/s per thread', 'private, M/s per thread', 'ratio']];
  for (const threads of [1, 2, 4, 8]) {
    const ratios: number[] = [];
    let [ledger, own] = [0, 0];
    for (let run = 0; run < (QUICK ? 3 : 9); run++) {
      [ledger, own] = [await hammer(threads, true), await hammer(threads, false)];
      ratios.push(own / ledger);
    }
    rows.push([String(threads), (ledger / 1e6).toFixed(1), (own / 1e6).toFixed(1), median(ratios).toFixed(2)]);
    if (threads === 1) {
      const claim = 'an update of the ledger costs, against the same on private memory';
      reportClaim(claim, 'x', { atMost: 1.5 }, ratios);
    }
    if (threads === Math.min(8, cpus().length)) {
      const claim = `a thread slows down when ${threads - 1} others write their own rows, against private memory`;
      reportClaim(claim, 'x', { atMost: 1.2 }, ratios);
    }
  }
  console.log(formatTable(rows));
}

async function reserve(): Promise<void> {
  const pressure = await startPressureRuntime({ autoEviction: false, alerts: false });
  const medians: number[] = [];
  for (let run = 0; run < 9; run++) {
    const samples = new Float64Array(20_000);
    for (let index = 0; index < samples.length; index++) {
      const startedNs = process.hrtime.bigint();
      const reservation = pressure.reserve(4096);
      samples[index] = Number(process.hrtime.bigint() - startedNs);
      reservation?.release();
    }
    samples.sort();
    medians.push(samples[samples.length / 2] ?? Number.NaN);
  }
  await pressure.stop();
  reportClaim('reserve, where there is room', 'ns (median)', { atMost: 200 }, medians);
}

console.log(describeMachine());
await reserve();
await scale();
survive();
