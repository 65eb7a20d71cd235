/** Attaches and detaches over and over, and tells what the heap of the thread holds after each thousand. workerData: a handle. */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { findCollect } from '#src/caches/engine.js';
import { attachPressureRuntime } from '#src/index.js';

const collect = findCollect();
const held = [];
for (let thousand = 0; thousand < 4; thousand++) {
  for (let index = 0; index < 1000; index++) {
    const pressure = attachPressureRuntime(workerData);
    pressure.on('level', () => undefined);
    pressure.register(new Map([[1, Buffer.alloc(1000)]]), { name: 'frame' });
    pressure.reserve(1000)?.release();
    pressure.detach();
    if (index % 20 === 0) await turn();
  }
  for (let pass = 0; pass < 3; pass++) {
    await turn();
    collect?.();
  }
  held.push(process.memoryUsage().heapUsed);
}
parentPort.postMessage(held);
