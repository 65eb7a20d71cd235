import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { createRandom, replay, UNIT_BYTES } from '../support/ledger-script.mjs';

const ENTRY = new URL('../support/ledger-worker.mjs', import.meta.url);
const THREADS = 8;
const OPERATIONS = 1e6;

/** How a thread ends: never, or in one of three ways in the middle of its work. */
type End = 'live' | 'throw' | 'exit' | 'terminate';

async function start(): Promise<PressureRuntime> {
  const pressure = await startPressureRuntime({ autoEviction: false, alerts: false });
  onTestFinished(() => pressure.stop());
  return pressure;
}

function spawn(pressure: PressureRuntime, seed: number, end: End, endAt: number): Worker {
  const worker = new Worker(ENTRY, {
    workerData: { handle: pressure.handle, seed, operations: OPERATIONS, end, endAt },
  });
  worker.on('error', () => undefined); // the one that throws
  onTestFinished(async () => void (await worker.terminate()));
  return worker;
}

/** Lets the thread do what it is for. @returns once it finished, or is gone. */
async function untilEnd(worker: Worker, end: End): Promise<void> {
  const spoken = new Promise((resolve) => worker.once('message', resolve)); // `once` of node:events would reject with its error
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  await Promise.race([spoken, exited]);
  if (end === 'live') return;
  if (end === 'terminate') await worker.terminate();
  await exited;
}

describe('the ledger of many threads', () => {
  it(`ends with what a replay ends with: ${THREADS} threads of 10^6 operations, others dying at random`, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.info(`seed ${seed}`);
    const random = createRandom(seed);
    const pressure = await start();

    const wrong: string[] = [];
    let looks = 0;
    let finished = false;
    const reading = (async () => {
      while (!finished) {
        const { totalBytes, byName } = pressure.state.caches;
        looks++;
        for (const [name, bytes] of Object.entries({ ...byName, total: totalBytes })) {
          if (!(bytes >= 0) || bytes % UNIT_BYTES !== 0) wrong.push(`${name}: ${bytes}`);
        }
        await turn();
      }
    })();

    const survivors = Array.from({ length: THREADS }, (_, index) => seed + index + 1);
    const working = survivors.map((own) => untilEnd(spawn(pressure, own, 'live', 0), 'live'));
    const dying = (['throw', 'exit', 'terminate'] as const).map(async (end, index) => {
      for (let round = 0; round < 4; round++) {
        const endAt = Math.floor(random() * 2e5);
        await untilEnd(spawn(pressure, seed + 100 + index * 10 + round, end, endAt), end);
      }
    });
    await Promise.all([...working, ...dying]);
    finished = true;
    await reading;

    expect(wrong).toEqual([]);
    expect(looks).toBeGreaterThan(100);
    const expected: Record<string, number> = { shared: 0 };
    for (const own of survivors) {
      const bytes = replay(own, OPERATIONS);
      expected.shared = (expected.shared ?? 0) + bytes.shared;
      expected[`own-${own}`] = bytes.own;
    }
    await expect.poll(() => pressure.state.caches.byName).toEqual(expected);
  }, 120_000);

  it.each(['throw', 'exit', 'terminate'] as const)('forgets a thread that ends in %s', async (end) => {
    const pressure = await start();
    const own = new Map([[1, Buffer.alloc(1000)]]);
    pressure.register(own, { name: 'mine' });
    await untilEnd(spawn(pressure, 5, end, 1000), end);
    await expect.poll(() => pressure.state.caches).toEqual({ totalBytes: 1000, byName: { mine: 1000 } });
  });
});
