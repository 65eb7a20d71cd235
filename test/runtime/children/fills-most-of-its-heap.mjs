// Fills more than four fifths of its old space with plain objects on a loop that turns, and prints how many collections were asked for.
// argv[2]: old space, MiB.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { startPressureRuntime } from 'spillway';

const SHARE = 0.83;
const OBJECTS_PER_TURN = 50;
const TURNS_PER_LOOK = 40;

let asked = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) asked++;
}).observe({ entryTypes: ['gc'] });
await startPressureRuntime({ resources: { system: false, container: false } });
const limitBytes = Number(process.argv[2]) * 2 ** 20;
const held = Array.from({ length: 1000 }, () => []);

function oldBytes() {
  const old = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('new'));
  return old.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

for (let count = 0; oldBytes() < SHARE * limitBytes; ) {
  for (let turns = 0; turns < TURNS_PER_LOOK; turns++) {
    for (let made = 0; made < OBJECTS_PER_TURN; made++, count++) {
      held[count % held.length].push({ count, pair: [count, count + 1], name: `object ${count}` });
    }
    await turn();
  }
}
await turn();
process.stdout.write(`${asked} asked for, ${held.length} lists`); // all of them lived until here
process.exit();
