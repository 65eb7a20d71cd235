import { parentPort, workerData } from 'node:worker_threads';
import { loadNative } from '../../../dist/src/page/native-load.js';
import { openAllocator } from '../../../dist/src/sources/allocator.js';

const { words, steps } = workerData;
parentPort.postMessage('ready');
Atomics.wait(steps, 0, 0); // until the other looks
loadNative(words, openAllocator);
Atomics.store(steps, 0, 2);
