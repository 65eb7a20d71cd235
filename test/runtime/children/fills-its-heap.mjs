// fills-its-heap.mjs FILE level|turns: fills its heap with plain objects until V8 aborts, and keeps the worst level that it saw in FILE.
// One array of all of them would grow by a few percent of the heap in one allocation, which nobody sees coming.
import { openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { startPressureRuntime } from 'spillway';

const OBJECTS_PER_LOOK = 50;

const [file, way] = process.argv.slice(2);
const descriptor = openSync(file, 'w');
const pressure = await startPressureRuntime({ resources: { system: false, container: false } });
const held = Array.from({ length: 1000 }, () => []);
let worst = '';

function saw(level) {
  if (level === worst || worst === 'emergency') return;
  worst = level;
  writeSync(descriptor, worst.padEnd(10), 0);
}

for (let count = 1; ; count++) {
  held[count % held.length].push({ count, pair: [count, count + 1], name: `object ${count}` });
  if (count % OBJECTS_PER_LOOK !== 0) continue;
  if (way === 'turns') await turn();
  saw(pressure.level);
}
