/**
 * Fills its heap with plain objects until V8 aborts. Arguments: FILE, way. FILE keeps what was read to the end, as JSON: the highest ratio of the
 * old generation, that of `used_heap_size / heap_size_limit`, the limit in MiB, and what the runtime said last of all at its worst; it
 * outlives an abort. The ways differ in how the thread comes by what it reads:
 *
 * - `reader`: no runtime at all, the heap's reader is asked every 10 ms;
 * - `turns`: the loop turns, nothing is read, a listener hears of levels;
 * - `level`, `at-least`, `state`: a loop that never turns reads this every 50 objects;
 * - `seldom`: the same, `level`, every 20 ms;
 * - `cache`: the same, but it only uses a cache that holds next to nothing.
 */
import { openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { type Level, type PressureRuntime, startPressureRuntime } from 'spillway';
import { levelCode } from '../../src/core/level.js';
import { HeapReader } from '../../src/sources/v8-heap.js';

/** As often as the sampler looks when it is in a hurry, which is when a thread's cache operations publish its heap. */
const READ_EVERY_MS = 10;
const SELDOM_MS = 20;
const OBJECTS_PER_LOOK = 50;
const OBJECTS_PER_TURN = 2_000;

/** What FILE holds. */
export interface Witness {
  readonly highestRatio: number;
  readonly rivalRatio: number;
  readonly limitMib: number;
  /** The worst level that the runtime showed. */
  readonly level: Level;
}

const [file = '', way = ''] = process.argv.slice(2);
const descriptor = openSync(file, 'w');
const witness = { highestRatio: 0, rivalRatio: 0, limitMib: 0, level: 'normal' as Level };
const held: object[] = [];

function record(): void {
  writeSync(descriptor, JSON.stringify(witness).padEnd(200), 0);
}

function saw(level: Level): void {
  if (levelCode(level) <= levelCode(witness.level)) return;
  witness.level = level;
  record();
}

function hold(objects: number): void {
  for (let i = 0; i < objects; i++) held.push({ id: i, pair: [i, i + 1], name: `object ${held.length}` });
}

function growUnderReader(): never {
  const reader = new HeapReader(() => performance.now());
  const heap = { oldUsedBytes: 0, oldLimitBytes: 1, heapUsedBytes: 0, externalBytes: 0 };
  for (let nextMs = 0; ; ) {
    hold(OBJECTS_PER_LOOK);
    if (performance.now() < nextMs) continue;
    nextMs = performance.now() + READ_EVERY_MS;
    reader.readInto(heap);
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    witness.highestRatio = Math.max(witness.highestRatio, heap.oldUsedBytes / heap.oldLimitBytes);
    witness.rivalRatio = Math.max(witness.rivalRatio, used_heap_size / heap_size_limit);
    witness.limitMib = heap.oldLimitBytes / 2 ** 20;
    record();
  }
}

/** A look of the loop that never turns. */
function lookOf(pressure: PressureRuntime): () => void {
  if (way === 'level') return () => saw(pressure.level);
  if (way === 'at-least') return () => void (pressure.isAtLeast('emergency') && saw('emergency'));
  if (way === 'state') return () => saw(pressure.state.resources.heap?.level ?? 'normal');
  if (way === 'seldom') {
    let nextMs = 0;
    return () => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + SELDOM_MS;
      saw(pressure.level);
    };
  }
  if (way !== 'cache') throw new Error(`Unknown way '${way}'`);
  const cache = new Map<number, string>();
  pressure.register(cache, { name: 'small', sizeOf: () => 1 });
  let next = 0;
  return () => {
    cache.set(next++ % 100, 'x');
    cache.get(next % 100);
    saw(pressure.state.level);
  };
}

async function growUnderRuntime(): Promise<never> {
  const only = { system: false, container: false, process: false } as const;
  const pressure = await startPressureRuntime({ resources: only });
  record();
  if (way === 'turns') {
    pressure.on('level', ({ to }) => saw(to));
    for (;;) {
      hold(OBJECTS_PER_TURN);
      await turn();
    }
  }
  for (const look = lookOf(pressure); ; look()) hold(OBJECTS_PER_LOOK);
}

if (way === 'reader') growUnderReader();
else await growUnderRuntime();
