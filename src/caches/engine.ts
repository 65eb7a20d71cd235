import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { monotonicUs } from '../page/clock.js';
import { HeapReader, type ThreadHeapReading } from '../sources/v8-heap.js';

export type Collect = () => void;

/** The heap of the calling thread; see `HeapReader`. */
export interface HeapOfThread {
  /** The part of the last `oldUsedBytes` that the old generation did not hold yet. */
  readonly promotableBytes: number;
  readInto(heap: ThreadHeapReading): void;
}

/** What a thread that owns caches has under it. Its own V8 and the common clock, unless a simulated process brings others. */
export interface Engine {
  readonly heap: HeapOfThread;
  /** Looks for a way to ask for a full, synchronous collection; null where there is none. */
  readonly findCollect: () => Collect | null;
  /** Monotonic µs. */
  readonly nowUs: () => number;
}

/** @param workerYoungMib of `HeapReader`. */
export function v8Engine(workerYoungMib: number | null): Engine {
  return { heap: new HeapReader(workerYoungMib), findCollect, nowUs: monotonicUs };
}

/**
 * Threads share V8's flags: another one that looks at the same time may take the flag back between the two steps. A try takes about 1 ms,
 * so that many in a row are never all disturbed.
 */
const MOST_TRIES = 20;

/**
 * What was found on this thread, for every runtime and attachment on it. Held weakly: it comes with a context of its own, 150 KiB that each of V8's
 * collections would mark, and is made again in half a millisecond.
 */
let found: WeakRef<Collect> | null | undefined;

/**
 * V8's full collection for the calling thread, also where Node was started without `--expose-gc`: the flag can be set while the
 * process runs, and shows in contexts made after that. Null where this V8 does not allow it.
 */
export function findCollect(): Collect | null {
  if (typeof globalThis.gc === 'function') return () => void globalThis.gc?.();
  return collectOfContext() === null ? null : () => collectOfContext()?.();
}

function collectOfContext(): Collect | null {
  const held = found?.deref();
  if (held !== undefined || found === null) return held ?? null;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const collect = tryToFind();
    if (collect === undefined) continue;
    found = collect === null ? null : new WeakRef(collect);
    return collect;
  }
  return null;
}

/** @returns undefined when another thread seems to have been in the way. */
function tryToFind(): Collect | null | undefined {
  try {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
    return isCollect(collect) ? collect : undefined;
  } catch {
    return null; // a policy of the embedder forbids flags or contexts: there is no other way to ask
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

function isCollect(value: unknown): value is Collect {
  return typeof value === 'function';
}
