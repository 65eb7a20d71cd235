import { parentPort, workerData } from 'node:worker_threads';
import { loadNative } from '../../../dist/src/page/native-load.js';
import { openAllocator } from '../../../dist/src/sources/allocator.js';

const { words, isOver } = workerData;
parentPort.postMessage('ready');
setTimeout(() => {
  loadNative(words, openAllocator);
  Atomics.store(isOver, 0, 1);
}, 5);
