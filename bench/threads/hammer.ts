/**
 * A thread that writes the byte count of one cache as fast as it can, on the row that the ledger gave it or on memory of its own.
 * workerData: { words: the page, or null for private memory; start, stop: shared words to begin and end by; row }.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { cacheBytesIndex } from '../../src/page/cache-rows.js';
import { createPage } from '../../src/page/page.js';
import { findPlace, storeAt } from '../../src/page/wide.js';

export interface HammerData {
  readonly words: Int32Array | null;
  readonly row: number;
  readonly gate: Int32Array;
}

const { words, row, gate } = workerData as HammerData;
const target = words ?? new Int32Array(new ArrayBuffer(createPage().byteLength));
const place = { trackedIndex: cacheBytesIndex(row), trackedLow: 0, trackedBase: 0 };
findPlace(target, place);
parentPort?.postMessage('ready');
Atomics.wait(gate, 0, 0);
let operations = 0;
const startedMs = performance.now();
while (Atomics.load(gate, 1) === 0) {
  for (let index = 0; index < 1000; index++) storeAt(target, place, operations + index);
  operations += 1000;
}
parentPort?.postMessage((operations / (performance.now() - startedMs)) * 1e3);
