// heap.mjs FILE idle|grow|churn|read: lives a life on the heap, and keeps "<highest ratio> <last ratio> <old limit>" in FILE, which
// outlives an abort.
import { openSync, writeSync } from 'node:fs';
import { HeapReader } from '../../../dist/src/sources/v8-heap.js';

const READ_EVERY_MS = 5;
const CHURN_MS = 1500;

const [file, life] = process.argv.slice(2);
const descriptor = openSync(file, 'w');
const reader = new HeapReader(() => performance.now());
const heap = {};
let highest = 0;
let nextMs = 0;

function read() {
  reader.readInto(heap);
  const ratio = heap.oldUsedBytes / heap.oldLimitBytes;
  highest = Math.max(highest, ratio);
  writeSync(descriptor, `${highest.toFixed(4)} ${ratio.toFixed(4)} ${heap.oldLimitBytes}`.padEnd(80), 0);
}

/** As a cache operation would: often, but reading only when it is time. */
function attend() {
  const nowMs = performance.now();
  if (nowMs < nextMs) return;
  nextMs = nowMs + READ_EVERY_MS;
  read();
}

const plainObject = (i) => ({ id: i, pair: [i, i + 1], name: `object ${i}` });

read();
if (life === 'grow') {
  const held = [];
  for (let i = 0; ; i++) {
    held.push(plainObject(i));
    if (i % 50 === 0) attend();
  }
} else if (life === 'churn') {
  const held = Array.from({ length: 100_000 }, (_, i) => plainObject(i));
  const garbage = new Array(1000);
  // What the start promoted is forgotten after a second.
  for (const endMs = performance.now() + CHURN_MS; performance.now() < endMs; ) attend();
  highest = 0;
  const endMs = performance.now() + CHURN_MS;
  for (let i = 0; performance.now() < endMs; i++) {
    garbage[i % 1000] = plainObject(i);
    if (i % 50 === 0) attend();
  }
  if (held.length === 0) throw new Error('unreachable');
} else if (life === 'idle') {
  for (let reads = 0; reads < 20; reads++) {
    await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
    read();
  }
}
