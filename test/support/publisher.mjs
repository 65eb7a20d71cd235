/**
 * A thread that publishes states as fast as it can, each derived from its count, until it is told to stop.
 * workerData: { page: SharedArrayBuffer, signals: SharedArrayBuffer } with signals[0]: published at least once, signals[1]: stop.
 */
import { workerData } from 'node:worker_threads';
import { openPage } from '#src/page/page.js';
import { emptyPublishedState, publishState } from '#src/page/state-codec.js';
import { fillState } from './counted-state.mjs';

const words = openPage(workerData.page);
const signals = new Int32Array(workerData.signals);
const state = emptyPublishedState();
for (let count = 1; Atomics.load(signals, 1) === 0; count++) {
  fillState(state, count);
  publishState(words, state);
  Atomics.store(signals, 0, count);
}
