/**
 * A thread that starts a runtime for another thread to attach to, and does for it what only the starting thread can.
 * workerData: the options. Answers every request `{ id, call, argument }` with `{ id, result }`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { startPressureRuntime } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';

const pressure = await startPressureRuntime(workerData);
const calls = {
  handle: async () => pressure.handle,
  inject: (readings) => inject(pressure, readings),
  sampleNow: () => sampleNow(pressure),
  caches: async () => pressure.state.caches,
  stop: () => pressure.stop(),
};

parentPort.on('message', async ({ id, call, argument }) => {
  parentPort.postMessage({ id, result: await calls[call](argument) });
});
