/**
 * One setting of `cache-ops`, in a process of its own: times bare and registered caches in pairs. argv: a `Setting` as JSON; prints the times of
 * each operation as JSON.
 */
import Benchmark from 'benchmark';
import { startPressureRuntime } from 'spillway';
import { checkContestant } from './gate.js';
import {
  BLOCK,
  createBodies,
  createCaches,
  OPERATIONS,
  type Operation,
  sizeOf,
  type WorkloadOptions,
} from './workload.js';

export interface Setting extends WorkloadOptions {
  readonly title: string;
  readonly sampling: 'calm' | 'shortest';
  readonly pairs: number;
}

/** Nanoseconds per operation, one of each for every pair. */
export interface Comparison {
  readonly bareNs: number[];
  readonly registeredNs: number[];
}

/** A run is a few cycles of a few ms: short, so that what else the machine does hits both of a pair or neither. */
const RUN = { minTime: 0.004, maxTime: 0.04, minSamples: 8 };

/** Runs before the first pair, for the compiler. */
const WARM_UP_PAIRS = 3;

const setting = JSON.parse(process.argv[2] ?? '') as Setting;
const pressure = await startPressureRuntime(
  setting.sampling === 'calm' ? {} : { updateIntervalMs: 10, minIntervalMs: 10, maxSamplerCpu: 1 },
);
const bare = createCaches(setting);
const registered = createCaches(setting);
const registrations = registered.map((cache, index) => {
  const name = `cache ${index}`;
  return pressure.register(cache, setting.limit === 'max' ? { name, sizeOf } : { name });
});
const bareBodies = createBodies(bare, setting);
const registeredBodies = createBodies(registered, setting);
for (const cache of bare) checkContestant(cache, setting, null);
for (const [index, cache] of registered.entries()) checkContestant(cache, setting, registrations[index] ?? null);

const comparisons = Object.fromEntries(OPERATIONS.map((operation) => [operation, compare(operation)]));
process.stdout.write(`${JSON.stringify(comparisons)}\n`);
await pressure.stop();

/** The contestants take turns in coming first. */
function compare(operation: Operation): Comparison {
  const comparison: Comparison = { bareNs: [], registeredNs: [] };
  for (let pair = -WARM_UP_PAIRS; pair < setting.pairs; pair++) {
    const isBareFirst = pair % 2 === 0;
    const early = timeNs(isBareFirst ? bareBodies[operation] : registeredBodies[operation]);
    const late = timeNs(isBareFirst ? registeredBodies[operation] : bareBodies[operation]);
    if (pair < 0) continue;
    comparison.bareNs.push(isBareFirst ? early : late);
    comparison.registeredNs.push(isBareFirst ? late : early);
  }
  return comparison;
}

/** The fastest cycle of a run: other programs on the machine only ever add time. */
function timeNs(body: () => void): number {
  const run = new Benchmark(body, RUN).run();
  if (run.error !== undefined) throw run.error;
  return (Math.min(...run.stats.sample) / BLOCK) * 1e9;
}
