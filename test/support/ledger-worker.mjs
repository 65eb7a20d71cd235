/** Attaches, carries out its script, and lives on, or ends in the middle. workerData: { handle, seed, operations, end, endAt }. */
import { parentPort, workerData } from 'node:worker_threads';
import { attachPressureRuntime } from '#src/index.js';
import { createScript } from './ledger-script.mjs';

const { handle, seed, operations, end, endAt } = workerData;
const pressure = attachPressureRuntime(handle);
const shared = new Map();
const own = new Map();
pressure.register(shared, { name: 'shared', sizeOf: (bytes) => bytes });
pressure.register(own, { name: `own-${seed}`, sizeOf: (bytes) => bytes });
const run = createScript(seed, shared, own);

if (end === 'live') {
  run(operations);
  parentPort.postMessage('done');
  parentPort.on('message', () => undefined); // keeps the thread, and so its rows
} else {
  run(endAt);
  parentPort.postMessage('about to end');
  if (end === 'throw') throw new Error('of the test');
  if (end === 'exit') process.exit(0);
  for (;;) run(1000); // until it is terminated, most likely in the middle of a write
}
