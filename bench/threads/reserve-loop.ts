/**
 * Keeps allocating in one synchronous loop per thread, as fast as it can, until `reserve` says no for good. Argument: `ReserveLoopOptions` as
 * JSON. The sampler is told to look once a minute, so that no sample comes in between unless a thread that is out of room asks for one.
 * Prints one line of JSON: `ReserveLoopOutcome`.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  attachPressureRuntime,
  type LocalPressure,
  type PressureHandle,
  startPressureRuntime,
} from '../../src/index.js';
import { sampleNow } from '../../src/testing.js';

export interface ReserveLoopOptions {
  readonly material: 'buffers' | 'objects';
  /** Whether it asks before each allocation. */
  readonly asks: boolean;
  readonly threads: number;
}

interface LoopResult {
  readonly keptBytes: number;
  /** Of these, before the first sample since the start of the loop. */
  readonly unsampledBytes: number;
}

export interface ReserveLoopOutcome {
  readonly seconds: number;
  readonly results: readonly LoopResult[];
}

interface ThreadData {
  readonly handle: PressureHandle;
  readonly options: ReserveLoopOptions;
}

const ENTRY_BYTES = 128 * 1024;
const MINUTE_MS = 60_000;

/** More than any of the limits, so that a loop that does not ask and lives all the same ends. */
const MOST_BYTES = 3 * 2 ** 30;

/** A refusal may come while memory is on its way; this many in a row are meant. */
const REFUSALS = 20;

/** Stays until the process ends: a thread that has finished must not make room for another. */
const kept: object[] = [];

function allocate(pressure: LocalPressure, { material, asks }: ReserveLoopOptions): LoopResult {
  const samplesBefore = pressure.state.sampleCount;
  let unsampledBytes = 0;
  let refusals = 0;
  while (kept.length * ENTRY_BYTES < MOST_BYTES && refusals < REFUSALS) {
    if (asks && pressure.reserve(ENTRY_BYTES) === null) {
      refusals++;
      continue;
    }
    refusals = 0;
    kept.push(
      material === 'buffers' ? Buffer.alloc(ENTRY_BYTES, 1) : new Array(ENTRY_BYTES / 8).fill(kept.length + 0.5),
    );
    if (pressure.state.sampleCount === samplesBefore) unsampledBytes = kept.length * ENTRY_BYTES;
  }
  return { keptBytes: kept.length * ENTRY_BYTES, unsampledBytes };
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as ReserveLoopOptions;
  const pressure = await startPressureRuntime({ updateIntervalMs: MINUTE_MS, minIntervalMs: MINUTE_MS });
  const data: ThreadData = { handle: pressure.handle, options };
  const workers = Array.from(
    { length: options.threads - 1 },
    () => new Worker(new URL(import.meta.url), { workerData: data }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  await sampleNow(pressure); // what the threads themselves cost was not reserved
  const answers = workers.map((worker) => once(worker, 'message'));
  const startedMs = performance.now();
  for (const worker of workers) worker.postMessage('go');
  const own = allocate(pressure, options);
  const others = (await Promise.all(answers)).map(([result]) => result as LoopResult);
  const outcome: ReserveLoopOutcome = { seconds: (performance.now() - startedMs) / 1e3, results: [own, ...others] };
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
}

if (isMainThread) await main();
else {
  const { handle, options } = workerData as ThreadData;
  const pressure = attachPressureRuntime(handle);
  parentPort?.on('message', () => parentPort?.postMessage(allocate(pressure, options)));
  parentPort?.postMessage('ready');
}
