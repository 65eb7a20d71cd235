import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { monotonicMs, monotonicUs } from '../page/clock.js';
import { HeapReader, type ThreadHeapReading } from '../sources/v8-heap.js';

/** Collects, fully and synchronously. @returns false where that was not possible this time. */
export type Collect = () => boolean;

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
  return { heap: new HeapReader(monotonicMs, workerYoungMib), findCollect, nowUs: monotonicUs };
}

/**
 * Threads share V8's flags: another one that looks at the same time may take the flag back between the two steps. A try takes less than 1 ms,
 * so that many in a row are never all disturbed.
 */
const MOST_TRIES = 20;

/** V8's own function, from a context made for it. */
type Gc = () => void;

/** True once a context with `gc` could be made on this thread. */
let isPossible = false;

/**
 * V8's full collection for the calling thread, also where Node was started without `--expose-gc`: the flag can be set while the
 * process runs, and shows in contexts made after that. Null where this V8 does not allow it.
 */
export function findCollect(): Collect | null {
  const hasOwn = typeof globalThis.gc === 'function';
  if (!hasOwn) isPossible ||= gcOfContext() !== undefined;
  if (!hasOwn && !isPossible) return null;
  return () => {
    const gc = hasOwn ? globalThis.gc : gcOfContext();
    gc?.();
    return gc !== undefined;
  };
}

/**
 * From a context of its own, which is 150 KiB that each of V8's collections marks, so it is made anew in a third of a millisecond, and not kept. A
 * `WeakRef` would keep it as well: its target lives until the loop turns, and the loop may be blocked.
 */
function gcOfContext(): Gc | undefined {
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const gc = tryToFind();
    if (gc !== undefined) return gc ?? undefined;
  }
  return undefined;
}

/** @returns undefined when another thread seems to have been in the way. */
function tryToFind(): Gc | null | undefined {
  try {
    setFlagsFromString('--expose-gc');
    const gc: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
    return isGc(gc) ? gc : undefined;
  } catch {
    return null; // a policy of the embedder forbids flags or contexts: there is no other way to ask
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

function isGc(value: unknown): value is Gc {
  return typeof value === 'function';
}
