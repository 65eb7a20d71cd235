/**
 * One contestant in a process of its own, which does what a lightly loaded service does: a short piece of work every few milliseconds.
 * Arguments: name, seconds, segments. Prints one line of JSON: `Measurement`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { readThreadTimes, spentMs } from '../thread-times.js';

export interface Measurement {
  /** Share of one core, in each segment: of the threads that the contestant added, and of the main thread. */
  readonly addedShares: readonly number[];
  readonly mainShares: readonly number[];
  readonly rssBytes: number;
  readonly loopDelayP99Ms: number;
  readonly samplesPerSecond: number;
}

/** The pollers look this often: the shortest cadence. */
const POLL_MS = 10;
const WORK_EVERY_MS = 5;
const SETTLE_MS = 2_000;

/** Starts the contestant. @returns how often it has looked so far. */
const CONTESTANTS: Readonly<Record<string, () => Promise<() => number>>> = {
  async bare() {
    return () => 0;
  },
  'spillway, calm': () => startSpillway({}),
  'spillway, every 10 ms': () => startSpillway({ updateIntervalMs: POLL_MS, minIntervalMs: POLL_MS }),
  'spillway, switched off': () => startSpillway({ enabled: false }),
  async 'systeminformation.mem(), every 10 ms'() {
    const { mem } = await import('systeminformation');
    let looks = 0;
    setInterval(async () => {
      await mem();
      looks++;
    }, POLL_MS);
    return () => looks;
  },
  async 'process.memoryUsage(), every 10 ms'() {
    let looks = 0;
    setInterval(() => {
      process.memoryUsage();
      looks++;
    }, POLL_MS);
    return () => looks;
  },
};

async function startSpillway(options: object): Promise<() => number> {
  const { startPressureRuntime } = await import('spillway');
  const pressure = await startPressureRuntime(options);
  return () => pressure.state.sampleCount;
}

function work(): number {
  let sum = 0;
  for (let step = 0; step < 1_000; step++) sum += Math.sqrt(step);
  return sum;
}

async function measure(name: string, seconds: number, segments: number): Promise<Measurement> {
  const threadsBefore = readThreadTimes();
  const start = CONTESTANTS[name];
  if (start === undefined) throw new Error(`No contestant ${name}`);
  const looks = await start();
  setInterval(work, WORK_EVERY_MS);
  await delay(SETTLE_MS);

  const isMain = (id: number): boolean => id === process.pid;
  const isAdded = (id: number): boolean => !threadsBefore.has(id);
  const addedShares: number[] = [];
  const mainShares: number[] = [];
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  loopDelay.enable();
  const looksBefore = looks();
  const startMs = performance.now();
  for (let segment = 0; segment < segments; segment++) {
    const before = readThreadTimes();
    const segmentMs = performance.now();
    await delay((seconds * 1e3) / segments);
    const after = readThreadTimes();
    const elapsedMs = performance.now() - segmentMs;
    addedShares.push(spentMs(before, after, isAdded) / elapsedMs);
    mainShares.push(spentMs(before, after, isMain) / elapsedMs);
  }
  return {
    addedShares,
    mainShares,
    rssBytes: process.memoryUsage.rss(),
    loopDelayP99Ms: loopDelay.percentile(99) / 1e6,
    samplesPerSecond: ((looks() - looksBefore) * 1e3) / (performance.now() - startMs),
  };
}

const [name = 'bare', seconds = '10', segments = '5'] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await measure(name, Number(seconds), Number(segments)))}\n`);
process.exit();
