// Turns over 48 MiB of text with V8's own growth of the heap, with 400 %, and with its own again; prints the major collections of each.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { setHeapGrowth } from '../../../dist/src/sources/v8-heap-growth.js';

const ENTRIES = 3072;
const ENTRY_BYTES = 16 * 1024;
const TURNS = 20_480;

const text = Buffer.alloc(ENTRY_BYTES, 'a');
const entries = new Array(ENTRIES).fill(null);
let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++;
}).observe({ entryTypes: ['gc'] });

async function collectionsOf(percent) {
  setHeapGrowth(percent);
  await turnOver(); // the growth counts from the next collection on
  collections = 0;
  await turnOver();
  return collections;
}

async function turnOver() {
  for (let turn = 0; turn < TURNS; turn++) {
    entries[turn % ENTRIES] = text.toString('latin1');
    if (turn % 256 === 0) await setImmediate();
  }
  await setImmediate();
}

const before = await collectionsOf(0);
const grown = await collectionsOf(400);
console.log(JSON.stringify({ before, grown, after: await collectionsOf(0) }));
