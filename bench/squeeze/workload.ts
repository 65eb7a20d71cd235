/**
 * One contestant in one cell of the squeeze, in a process of its own. Arguments: a `WorkloadOptions` as JSON, and the file that the
 * `WorkloadResult` goes to.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import { type EvictionPolicy, type PressureOptions, type PressureRuntime, startPressureRuntime } from 'spillway';
import { MIB } from '../../src/core/units.js';
import { createRandom } from '../../src/demo/random.js';
import { createDisturbance, type DisturbanceKind } from './disturbance.js';
import { MATERIALS } from './materials.js';
import { createZipf } from './zipf.js';

/** What protects the cache: nothing, its own maxSize, a straight port of the document (no collection, no cap), or spillway. */
export type Protection = 'none' | 'static' | 'port' | 'spillway';

export interface WorkloadOptions {
  readonly material: string;
  readonly loop: 'sync' | 'async';
  readonly disturbance: DisturbanceKind;
  readonly protection: Protection;
  /** maxSize of the static contestant. */
  readonly staticMib: number;
  readonly limitMib: number;
  /** All entries together. */
  readonly workingSetMib: number;
  /** Of the Zipf distribution of the keys. */
  readonly exponent: number;
  readonly operations: number;
  /** CPU that every miss burns beside making the entry, µs. */
  readonly missUs: number;
  readonly seed: number;
  readonly pressure: PressureOptions;
}

export interface WorkloadResult {
  readonly operations: number;
  readonly hits: number;
  readonly seconds: number;
  /** Most that the container ever used, page cache included, and most of the process alone; bytes. */
  readonly peakContainerBytes: number;
  readonly peakRssBytes: number;
  /** Of the cache after the warm-up, the first third. */
  readonly meanCacheBytes: number;
  readonly leastCacheBytes: number;
  /** CPU of the whole process during the work, seconds. */
  readonly cpuSeconds: number;
  /** Major collections, V8's own and those asked for, and the time of the ones asked for. */
  readonly collections: number;
  readonly askedCollections: number;
  readonly collectionMs: number;
  readonly askedCollectionMs: number;
  readonly rounds: number;
  readonly evictedBytes: number;
  /** Cache bytes, ten times a second, for a look by eye. */
  readonly traceMib: readonly number[];
}

const OPERATIONS_PER_TURN = 64;
const TRACE_INTERVAL_MS = 100;

/**
 * Holds the cache as a program does. One that only a stack knows is marked by V8 in the pause that ends a collection, with nothing dead that
 * floats: a static size then peaked 40 MiB lower, and was a seventh faster on two cores, than the same cache in a module's variable.
 */
const program: { cache: object | null } = { cache: null };

const [optionsText = '{}', resultPath = ''] = process.argv.slice(2);
const options: WorkloadOptions = JSON.parse(optionsText);

/** The document's policy as it is written: a share of RSS per level, a cooldown, nothing else. */
function createPort(): EvictionPolicy {
  const shares = { normal: 0, warning: 0.15, critical: 0.3, emergency: 0.5 };
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastLevel = 'normal';
  return {
    name: 'port',
    decide({ level, nowMs, rssBytes, roundActive }) {
      const cooling = level === lastLevel && nowMs - lastMs < 30_000;
      const evictBytes = roundActive || cooling ? 0 : rssBytes * shares[level];
      if (evictBytes > 0) [lastMs, lastLevel] = [nowMs, level];
      return { evictBytes, collect: 'never', capBytes: null, paceBytes: null, reason: level };
    },
  };
}

async function startProtection(cache: LRUCache<number, object | string>): Promise<PressureRuntime | null> {
  if (options.protection !== 'spillway' && options.protection !== 'port') return null;
  const policy = options.protection === 'port' ? { evictionPolicy: createPort() } : {};
  const pressure = await startPressureRuntime({ ...options.pressure, ...policy });
  pressure.register(cache, { name: 'squeezed', priority: 10 });
  return pressure;
}

function burn(us: number): void {
  const endMs = performance.now() + us / 1e3;
  while (performance.now() < endMs);
}

async function run(): Promise<WorkloadResult> {
  const material = MATERIALS.find(({ name }) => name === options.material);
  if (material === undefined) throw new Error(`no material ${options.material}`);
  const maxSize = options.protection === 'static' ? options.staticMib * MIB : Number.MAX_SAFE_INTEGER;
  const cache = new LRUCache<number, object | string>({ maxSize, sizeCalculation: (_, key) => material.bytesOf(key) });
  program.cache = cache;
  const pressure = await startProtection(cache);
  const random = createRandom(options.seed);
  const keys = Math.ceil((options.workingSetMib * MIB) / material.bytesOf(0));
  const drawKey = createZipf(keys, options.exponent, random);
  const disturbance = createDisturbance(options.disturbance, options.limitMib * MIB);
  const garbage = watchCollections();
  let rounds = 0;
  let evictedBytes = 0;
  pressure?.on('eviction', (report) => {
    rounds++;
    evictedBytes += report.evictedBytes;
  });

  let hits = 0;
  const trace: number[] = [];
  const sizes = { sum: 0, count: 0, least: Number.POSITIVE_INFINITY };
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let traceMs = startMs;
  for (let operation = 0; operation < options.operations; operation++) {
    const key = drawKey();
    if (cache.get(key) === undefined) {
      if (options.missUs > 0) burn(options.missUs);
      cache.set(key, material.create(key));
    } else hits++;
    if (operation % OPERATIONS_PER_TURN !== 0) continue;
    const progress = operation / options.operations;
    disturbance.advance(progress);
    const nowMs = performance.now();
    if (nowMs - traceMs >= TRACE_INTERVAL_MS) {
      traceMs = nowMs;
      trace.push(Math.round(cache.calculatedSize / MIB));
    }
    if (progress > 1 / 3) {
      sizes.sum += cache.calculatedSize;
      sizes.count++;
      sizes.least = Math.min(sizes.least, cache.calculatedSize);
    }
    if (options.loop === 'async') await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - startMs) / 1e3;
  const cpu = process.cpuUsage(cpuBefore);
  disturbance.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (pressure !== null) {
    await pressure.stop();
  }
  return {
    operations: options.operations,
    hits,
    seconds,
    peakContainerBytes: peakContainerBytes(),
    peakRssBytes: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024,
    meanCacheBytes: sizes.sum / sizes.count,
    leastCacheBytes: sizes.least,
    ...garbage,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    rounds,
    evictedBytes,
    traceMib: trace,
  };
}

/** What Node gives of a collection; its types leave the detail out. */
interface GarbageEntry {
  readonly duration: number;
  readonly detail?: unknown;
}

/** Counts major collections; told of them only when the loop turns. */
function watchCollections(): Pick<
  WorkloadResult,
  'collections' | 'askedCollections' | 'collectionMs' | 'askedCollectionMs'
> {
  const seen = { collections: 0, askedCollections: 0, collectionMs: 0, askedCollectionMs: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as readonly GarbageEntry[]) {
      if (typeof detail !== 'object' || detail === null || !('kind' in detail) || !('flags' in detail)) continue;
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      seen.collections++;
      seen.collectionMs += duration;
      if (detail.flags !== constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) continue;
      seen.askedCollections++;
      seen.askedCollectionMs += duration;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return seen;
}

/** By the kernel's own high-water mark, where this group has one (cgroup v1, or v2 of Linux 5.19 and later); else 0. */
function peakContainerBytes(): number {
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, controllers = '', path = ''] = line.split(':');
    const v1 = `/sys/fs/cgroup/memory${path}/memory.max_usage_in_bytes`;
    const v2 = `/sys/fs/cgroup${path}/memory.peak`;
    const file = controllers === 'memory' ? v1 : controllers === '' ? v2 : null;
    if (file !== null && existsSync(file)) return Number(readFileSync(file, 'utf8'));
  }
  return 0;
}

writeFileSync(resultPath, JSON.stringify(await run()));
