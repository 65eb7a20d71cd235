/**
 * The delay of an event loop that is free but for refilling a cache of 100 000 entries now and then, with rounds at `critical` and without, in
 * pairs. argv: pairs. Prints `Delays` as JSON.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { startPressureRuntime } from 'spillway';

/** p99 in milliseconds, one of each for every pair. */
export interface Delays {
  readonly restMs: number[];
  readonly roundsMs: number[];
  /** Rounds that were carried out in all pairs together. */
  readonly rounds: number;
}

const ENTRIES = 100_000;
const ENTRY_BYTES = 1024;
const PHASE_MS = 600;
/** Each drops a quarter of the cache. */
const ROUNDS_PER_PHASE = 2;
const REFILL_EVERY_MS = 2;
/** Refills a little faster than the rounds evict. */
const REFILL_ENTRIES = 200;

const pairs = Number(process.argv[2] ?? '9');
const pressure = await startPressureRuntime({ autoEviction: false });
const cache = new LRUCache<number, Buffer>({ maxSize: ENTRIES * ENTRY_BYTES, sizeCalculation: ({ length }) => length });
pressure.register(cache, { name: 'frame' });
for (let key = 0; key < ENTRIES; key++) cache.set(key, Buffer.alloc(ENTRY_BYTES));

let nextKey = 0;
const refilling = setInterval(() => {
  for (let count = 0; count < REFILL_ENTRIES; count++) cache.set(nextKey++ % (2 * ENTRIES), Buffer.alloc(ENTRY_BYTES));
}, REFILL_EVERY_MS);

let rounds = 0;
const delays = { restMs: [] as number[], roundsMs: [] as number[] };
for (let pair = -1; pair < pairs; pair++) {
  const restMs = await delayDuring(() => sleep(PHASE_MS));
  const roundsMs = await delayDuring(evictNowAndThen);
  if (pair < 0) continue;
  delays.restMs.push(restMs);
  delays.roundsMs.push(roundsMs);
}
clearInterval(refilling);
await pressure.stop();
process.stdout.write(`${JSON.stringify({ ...delays, rounds } satisfies Delays)}\n`);

async function delayDuring(phase: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await phase();
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

async function evictNowAndThen(): Promise<void> {
  for (let round = 0; round < ROUNDS_PER_PHASE; round++) {
    const { evictedBytes } = await pressure.evict((ENTRIES / 4) * ENTRY_BYTES, { level: 'critical' });
    if (evictedBytes === 0) throw new Error('Nothing was evicted');
    rounds++;
    await sleep(PHASE_MS / ROUNDS_PER_PHASE);
  }
}
