import { once } from 'node:events';
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { claimCache } from '../../src/page/cache-rows.js';
import { createPage } from '../../src/page/page.js';
import { claimThread } from '../../src/page/thread-rows.js';
import { median, reportClaim } from '../claim.js';
import { formatTable } from '../table.js';
import type { HammerData } from './hammer.js';

const HAMMER = new URL('./hammer.js', import.meta.url);
const CACHE = { name: 'frame', priority: 10, minBytes: 0, maxBytes: -1, rebuildUs: -1 };

/** Stores per second of each of `threads` threads that write at the same time. */
async function hammer(threads: number, shared: boolean, forMs: number): Promise<number> {
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
  setTimeout(() => Atomics.store(gate, 1, 1), forMs);
  const perThread = (await Promise.all(rates)).map(([rate]) => rate as number);
  return perThread.reduce((sum, rate) => sum + rate, 0) / threads;
}

/** What does a byte on the ledger cost, and does a thread slow down when others write theirs? Against private memory with as many threads. */
export async function compareLedger(runs: number, forMs: number): Promise<void> {
  const cores = cpus().length;
  const rows: string[][] = [['threads', 'ledger, M/s per thread', 'private, M/s per thread', 'ratio']];
  for (const threads of [1, 2, 4, 8]) {
    const ratios: number[] = [];
    let [ledger, own] = [0, 0];
    for (let run = 0; run < runs; run++) {
      [ledger, own] = [await hammer(threads, true, forMs), await hammer(threads, false, forMs)];
      ratios.push(own / ledger);
    }
    rows.push([String(threads), (ledger / 1e6).toFixed(1), (own / 1e6).toFixed(1), median(ratios).toFixed(2)]);
    if (threads === 1) {
      reportClaim('an update of the ledger costs, against private memory', 'x', { atMost: 1.5 }, ratios);
    } else {
      const hasCores = threads <= cores;
      const others = threads === 2 ? 'another writes its own row' : `${threads - 1} others write their own rows`;
      const claim = `a thread slows down when ${others}, against private memory`;
      const machine = hasCores ? `on ${cores} cores` : `on ${cores} cores, which are too few to show it`;
      reportClaim(`${claim}, ${machine}`, 'x', hasCores ? { atMost: 1.2 } : null, ratios);
    }
  }
  console.log(formatTable(rows));
}
