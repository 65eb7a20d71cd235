/**
 * Allocates and keeps, in one synchronous loop per thread and as fast as it can, until `reserve` says no for good, and prints what became of
 * it. Argument, as JSON: { material: 'buffers' or 'objects', asks: whether it asks before each allocation, threads }. The sampler is told to
 * look once a minute, so that no sample comes in between unless a thread that is out of room asks for one.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attachPressureRuntime, startPressureRuntime } from '#src/index.js';
import { sampleNow } from '#src/testing.js';

const ENTRY_BYTES = 128 * 1024;
const MINUTE_MS = 60_000;

/** Enough for any of the limits, so that a loop that does not ask ends. */
const MOST_BYTES = 2 ** 30;

/** A refusal may come while other memory is on its way; this many in a row are meant. */
const REFUSALS = 20;

/** Stays until the process ends: a thread that has finished must not make room for another. */
const kept = [];

function allocate(pressure, { material, asks }) {
  const samplesBefore = pressure.state.sampleCount;
  let unsampledBytes = 0;
  let refusals = 0;
  while (kept.length * ENTRY_BYTES < MOST_BYTES && refusals < REFUSALS) {
    if (asks && pressure.reserve(ENTRY_BYTES) === null) {
      refusals++;
      continue;
    }
    refusals = 0;
    const key = kept.length;
    kept.push(material === 'buffers' ? Buffer.alloc(ENTRY_BYTES, 1) : new Array(ENTRY_BYTES / 8).fill(key + 0.5));
    if (pressure.state.sampleCount === samplesBefore) unsampledBytes = kept.length * ENTRY_BYTES;
  }
  return { keptBytes: kept.length * ENTRY_BYTES, unsampledBytes };
}

if (isMainThread) {
  const task = JSON.parse(process.argv[2]);
  const pressure = await startPressureRuntime({ updateIntervalMs: MINUTE_MS, minIntervalMs: MINUTE_MS });
  const workers = Array.from({ length: task.threads - 1 }, () => {
    const handle = pressure.handle;
    return new Worker(new URL(import.meta.url), { workerData: { task, handle } });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const before = (await sampleNow(pressure)).resources; // what the threads themselves cost was not reserved
  const answers = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('go');
  const results = [allocate(pressure, task), ...(await Promise.all(answers)).map(([result]) => result)];
  process.stdout.write(`${JSON.stringify({ before, results, after: (await sampleNow(pressure)).resources })}\n`, () =>
    process.exit(0),
  );
} else {
  const pressure = attachPressureRuntime(workerData.handle);
  parentPort.on('message', () => parentPort.postMessage(allocate(pressure, workerData.task)));
  parentPort.postMessage('ready');
}
