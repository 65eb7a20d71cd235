import { totalmem } from 'node:os';
import { GIB, MIB } from '../core/units.js';

/** What decides how V8 splits a heap into a young and an old generation. */
export interface HeapConfiguration {
  /** `heap_size_limit` of v8.getHeapStatistics. */
  readonly heapLimitBytes: number;
  /** Command line flags in the order in which they count, NODE_OPTIONS first. */
  readonly flags: readonly string[];
  /** `maxYoungGenerationSizeMb` of the thread's `resourceLimits`; null on the main thread, which has none. */
  readonly workerYoungMib: number | null;
  /** Memory that Node gave V8 to choose its defaults by: the machine's, or the control group's where that is less. */
  readonly memoryBytes: number;
  readonly v8Major: number;
}

/** The configuration of the calling thread's heap. */
export function currentConfiguration(heapLimitBytes: number, workerYoungMib: number | null): HeapConfiguration {
  const nodeOptions = process.env.NODE_OPTIONS?.split(/\s+/) ?? [];
  const constrainedBytes = process.constrainedMemory() ?? 0;
  return {
    heapLimitBytes,
    flags: [...nodeOptions, ...process.execArgv],
    workerYoungMib,
    memoryBytes: constrainedBytes > 0 ? Math.min(totalmem(), constrainedBytes) : totalmem(),
    v8Major: Number.parseInt(process.versions.v8, 10),
  };
}

/**
 * Bytes of `heap_size_limit` that belong to the young generation; the rest is what V8 lets the old one grow to. V8 does not tell
 * them apart, but `heap_size_limit = old + 3 × semi-space`, and a semi-space is a power of two MiB (Heap::ConfigureHeap and
 * Heap::MaxReserved in V8's heap.cc). In order:
 *
 * 1. `--max-old-space-size` is the old generation itself (`--max-old-space-size-percentage` overrides it);
 * 2. `--max-semi-space-size` is the semi-space, rounded up;
 * 3. `--max-heap-size` is split by a ratio that differs from version to version;
 * 4. a worker knows its young generation: flags aside, its `resourceLimits` are what V8 was given;
 * 5. otherwise the size of the old generation follows from the memory, and the semi-space is the one that fits the limit best.
 *
 * Checked on Node 20, 22, 24 and 26 with each flag, and without flags in control groups of 100 MiB to 16 GiB.
 */
export function deduceYoungBytes(configuration: HeapConfiguration): number {
  const { heapLimitBytes, workerYoungMib, memoryBytes, v8Major } = configuration;
  const flag = (name: string) => lastFlagValue(configuration.flags, name);
  const percentage = flag('max-old-space-size-percentage');
  const oldMib = percentage === null ? flag('max-old-space-size') : null;
  if (oldMib !== null && oldMib * MIB < heapLimitBytes) return heapLimitBytes - oldMib * MIB;

  const semiSpaceMib = flag('max-semi-space-size');
  if (semiSpaceMib !== null) return youngBytes(semiSpaceMib);

  const heapMib = flag('max-heap-size');
  if (heapMib !== null && percentage === null) return youngBytes(semiSpaceMibOfHeap(heapMib, v8Major));

  if (workerYoungMib !== null) return youngBytes(workerYoungMib / 3);
  const oldBytes = percentage === null ? defaultOldBytes(memoryBytes) : (memoryBytes * percentage) / 100;
  return fittingYoungBytes(heapLimitBytes, oldBytes);
}

/** The value of `--name=value`, spelled with dashes or underscores; the last one counts, and 0 is V8's word for "not set". */
function lastFlagValue(flags: readonly string[], name: string): number | null {
  let value: number | null = null;
  for (const flag of flags) {
    const [key, text] = flag.split('=', 2);
    if (text === undefined || key?.replaceAll('_', '-') !== `--${name}`) continue;
    const number = Number.parseFloat(text);
    value = number > 0 ? number : null;
  }
  return value;
}

/** Two semi-spaces and a space for large young objects that is as big as one. */
function youngBytes(semiSpaceMib: number): number {
  return 3 * 2 ** Math.ceil(Math.log2(Math.max(semiSpaceMib, 0.5))) * MIB;
}

/**
 * How `--max-heap-size` is split (Heap::GenerationSizesFromHeapSize): the old generation is a fixed multiple of the semi-space,
 * before that is rounded up. Measured by growing a heap until it died: the multiple is 128 up to V8 12 (Node 22) and 32 since; up
 * to V8 13 (Node 24) an old generation of at most 256 MiB has 256 instead.
 */
function semiSpaceMibOfHeap(heapMib: number, v8Major: number): number {
  const ratio = v8Major >= 13 ? 32 : 128;
  const largestMib = v8Major >= 14 ? 32 : v8Major === 13 ? 64 : 16;
  const oldMib = heapMib / (1 + 3 / ratio);
  const isSmall = v8Major < 14 && heapMib - 3 <= 256;
  return Math.min(largestMib, Math.max(1, isSmall ? 1 : oldMib / ratio));
}

/** Half of the memory, at least 256 MiB, at most 2 GiB, or 4 GiB from 15 GiB of memory on (Heap::MaxOldGenerationSize). */
function defaultOldBytes(memoryBytes: number): number {
  const largestBytes = memoryBytes >= 15 * GIB ? 4 * GIB : 2 * GIB;
  return Math.min(largestBytes, Math.max(256 * MIB, memoryBytes / 2));
}

/** The young generation, of all that V8 can have, with which the limit comes nearest to the expected old generation. */
function fittingYoungBytes(heapLimitBytes: number, expectedOldBytes: number): number {
  let best = youngBytes(0.5);
  for (let semiSpaceMib = 1; semiSpaceMib <= 64; semiSpaceMib *= 2) {
    const candidate = youngBytes(semiSpaceMib);
    const error = Math.abs(heapLimitBytes - candidate - expectedOldBytes);
    if (error < Math.abs(heapLimitBytes - best - expectedOldBytes)) best = candidate;
  }
  return best;
}
