/**
 * One setting of `cache-ops`, in a process of its own: times bare and registered caches in turns, or one kind alone. argv: a `Setting` as JSON;
 * prints `Timings` as JSON.
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

const CONTESTANTS = ['bare', 'registered'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export interface Setting extends WorkloadOptions {
  readonly title: string;
  readonly sampling: 'calm' | 'shortest';
  readonly pairs: number;
  /** Those that share the process. */
  readonly contestants: readonly Contestant[];
}

/** Nanoseconds per operation, one for every pair. */
export type Timings = Record<Operation, Record<Contestant, number[]>>;

/** A run is a few cycles of a few ms: short, so that what else the machine does hits both of a pair or neither. */
const RUN = { minTime: 0.004, maxTime: 0.04, minSamples: 8 };

/** Runs before the first pair, for the compiler. */
const WARM_UP_PAIRS = 3;

const setting = JSON.parse(process.argv[2] ?? '') as Setting;
const pressure = await startPressureRuntime(
  setting.sampling === 'calm' ? {} : { updateIntervalMs: 10, minIntervalMs: 10, maxSamplerCpu: 1 },
);
const bodies = setting.contestants.map((contestant) => ({ contestant, bodyOf: createContestant(contestant) }));
const timings = Object.fromEntries(OPERATIONS.map((operation) => [operation, time(operation)]));
process.stdout.write(`${JSON.stringify(timings)}\n`);
await pressure.stop();

/** Caches that hold what the workload puts, and do what a model does. */
function createContestant(contestant: Contestant): Record<Operation, () => void> {
  const caches = createCaches(setting);
  const registrations = caches.map((cache, index) => {
    if (contestant === 'bare') return null;
    const name = `cache ${index}`;
    return pressure.register(cache, setting.limit === 'max' ? { name, sizeOf } : { name });
  });
  const operations = createBodies(caches, setting);
  for (const [index, cache] of caches.entries()) checkContestant(cache, setting, registrations[index] ?? null);
  return operations;
}

/** The contestants take turns in coming first. */
function time(operation: Operation): Record<Contestant, number[]> {
  const times: Record<Contestant, number[]> = { bare: [], registered: [] };
  for (let pair = -WARM_UP_PAIRS; pair < setting.pairs; pair++) {
    for (const { contestant, bodyOf } of pair % 2 === 0 ? bodies : bodies.toReversed()) {
      const ns = timeNs(bodyOf[operation]);
      if (pair >= 0) times[contestant].push(ns);
    }
  }
  return times;
}

/** The fastest cycle of a run: other programs on the machine only ever add time. */
function timeNs(body: () => void): number {
  const run = new Benchmark(body, RUN).run();
  if (run.error !== undefined) throw run.error;
  return (Math.min(...run.stats.sample) / BLOCK) * 1e9;
}
