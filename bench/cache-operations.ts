import { cpus } from 'node:os';
import { LRUCache } from 'lru-cache';
import { type PressureRuntime, startPressureRuntime } from '../src/index.js';

/*
 * Question: what does a registered LRUCache cost per operation, with hit rates, regrets, windows and alerts on, against the same
 * cache left alone? Bars: get <= 1.15, set <= 1.20 times the bare one. Rival and contestant take turns in short rounds of one
 * process, the first of a pair alternating, so that drift of the machine hits both; the ratio is that of each pair.
 */

const ENTRIES = 50_000;
const OPERATIONS = 20_000;
const PAIRS = 201;

interface Workload {
  readonly name: string;
  readonly bar: number | null;
  run(cache: LRUCache<string, Buffer>): number;
}

const value = Buffer.alloc(64);
const present = Array.from({ length: ENTRIES }, (_, index) => `frame:${index}:320x240`);
const absent = Array.from({ length: ENTRIES }, (_, index) => `other:${index}:320x240`);

/** Strides through the keys, so that neither the order of insertion nor the processor's caches help. */
function visit(keys: readonly string[], use: (key: string) => unknown): number {
  let used = 0;
  for (let step = 0, at = 0; step < OPERATIONS; step++, at = (at + 7919) % keys.length) {
    if (use(keys[at] ?? '') !== undefined) used++;
  }
  return used;
}

const WORKLOADS: readonly Workload[] = [
  { name: 'get, hit', bar: 1.15, run: (cache) => visit(present, (key) => cache.get(key)) },
  { name: 'get, miss', bar: 1.15, run: (cache) => visit(absent, (key) => cache.get(key)) },
  { name: 'set, replacing', bar: 1.2, run: (cache) => visit(present, (key) => cache.set(key, value)) },
  {
    name: 'set, full: each puts one out',
    bar: 1.2,
    run: (() => {
      let serial = 0;
      return (cache: LRUCache<string, Buffer>) => visit(present, () => cache.set(`new:${serial++}`, value));
    })(),
  },
];

function filled(): LRUCache<string, Buffer> {
  const cache = new LRUCache<string, Buffer>({
    maxSize: ENTRIES * value.length,
    sizeCalculation: (entry) => entry.length,
  });
  for (const key of present) cache.set(key, value);
  return cache;
}

function timed(work: () => number): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / OPERATIONS;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

function measure(workload: Workload, bare: LRUCache<string, Buffer>, watched: LRUCache<string, Buffer>): string {
  const ratios: number[] = [];
  const times = { bare: [] as number[], watched: [] as number[] };
  for (let pair = -5; pair < PAIRS; pair++) {
    const order = pair % 2 === 0 ? ([bare, watched] as const) : ([watched, bare] as const);
    const [first, second] = order.map((cache) => timed(() => workload.run(cache)));
    if (pair < 0 || first === undefined || second === undefined) continue; // the first pairs warm up
    const [bareNs, watchedNs] = pair % 2 === 0 ? [first, second] : [second, first];
    times.bare.push(bareNs);
    times.watched.push(watchedNs);
    ratios.push(watchedNs / bareNs);
  }
  // Other programs on the machine only ever add time: the fastest tenth is closest to what the code costs.
  const fastest = { bare: quantile(times.bare, 0.1), watched: quantile(times.watched, 0.1) };
  const spread = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  const verdict = workload.bar === null ? '' : `bar ${workload.bar.toFixed(2)}`;
  return [
    workload.name.padEnd(44),
    `bare ${fastest.bare.toFixed(0).padStart(4)} ns`,
    `watched ${fastest.watched.toFixed(0).padStart(4)} ns`,
    `ratio ${(fastest.watched / fastest.bare).toFixed(2)} (pairs: ${spread.join(', ')})`,
    verdict,
  ].join('  ');
}

/** Both caches must hold and answer the same before any time is taken. */
function checkSame(bare: LRUCache<string, Buffer>, watched: LRUCache<string, Buffer>): void {
  for (const workload of WORKLOADS) {
    const [expected, found] = [workload.run(bare), workload.run(watched)];
    if (expected !== found || bare.size !== watched.size || bare.calculatedSize !== watched.calculatedSize) {
      throw new Error(`${workload.name}: the watched cache behaves otherwise than the bare one`);
    }
  }
}

async function contest(pressure: PressureRuntime): Promise<void> {
  const bare = filled();
  const watched = filled();
  const registration = pressure.register(watched, { name: 'watched' });
  checkSame(bare, watched);
  for (const workload of WORKLOADS) console.log(measure(workload, bare, watched));

  await pressure.evict(registration.bytes / 2);
  while (bare.size > watched.size) bare.pop();
  const remembered: Workload = {
    name: 'get, miss, 25 000 evicted keys remembered',
    bar: null,
    run: (cache) => visit(absent, (key) => cache.get(key)),
  };
  console.log(measure(remembered, bare, watched));
}

const pressure = await startPressureRuntime();
console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${OPERATIONS} operations a round, ${PAIRS} pairs`);
await contest(pressure);
await pressure.stop();
