// fills-its-heap.mjs FILE level|turns: fills its heap with plain objects until V8 aborts, and keeps the worst level that it saw in FILE.
// The objects hang on each other: an array of them would grow by a few percent of the heap in one allocation, which nobody sees coming.
import { openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { startPressureRuntime } from 'spillway';

const OBJECTS_PER_LOOK = 50;

const [file, way] = process.argv.slice(2);
const descriptor = openSync(file, 'w');
const pressure = await startPressureRuntime({ resources: { system: false, container: false } });
let newest = null;
let worst = '';

function saw(level) {
  if (level === worst) return;
  worst = level;
  writeSync(descriptor, worst.padEnd(10), 0);
}

for (let count = 1; ; count++) {
  newest = { count, pair: [count, count + 1], name: `object ${count}`, before: newest };
  if (worst === 'emergency' || count % OBJECTS_PER_LOOK !== 0) continue;
  if (way === 'turns') await turn();
  saw(pressure.level);
}
