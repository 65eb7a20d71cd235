import { HEADER } from './layout.js';

const MOST_BYTES = 2 ** 31 - 1;

/**
 * How long the peaks of use and of what is held are remembered, ms, so that the two belong together: several times the pause between two major
 * collections of a busy heap.
 */
export const PEAK_MEMORY_MS = 2000;

/**
 * Publishes how much the process may grow before the next sample. Sampler only.
 * @param fromPeakBytes the same from the most that was held at a sample of late, null: not known.
 * @param tightBytes the same of the resources where that most is closer to `emergency` than to `critical`, null: none is, or not known.
 */
export function storeGuards(
  words: Int32Array,
  bytes: number,
  fromPeakBytes: number | null,
  tightBytes: number | null,
): void {
  Atomics.store(words, HEADER.GUARD, guardWord(bytes));
  Atomics.store(words, HEADER.PEAK_GUARD, fromPeakBytes === null ? 0 : guardWord(fromPeakBytes));
  Atomics.store(words, HEADER.TIGHT_GUARD, tightBytes === null ? 0 : guardWord(tightBytes));
}

function guardWord(bytes: number): number {
  return Math.max(1, Math.min(MOST_BYTES, Math.floor(bytes)));
}

/** Bytes that the process may grow by since the last sample before a thread must help itself; any number before the first. Any thread. */
export function loadGuard(words: Int32Array): number {
  const guardBytes = Atomics.load(words, HEADER.GUARD);
  return guardBytes === 0 || guardBytes === MOST_BYTES ? Number.POSITIVE_INFINITY : guardBytes;
}

/** The same from the most that was held at a sample of late; 0 while nothing is known of that. Any thread. */
export function loadPeakGuard(words: Int32Array): number {
  return Atomics.load(words, HEADER.PEAK_GUARD);
}

/** The same of the resources where that most is closer to `emergency` than to `critical`; 0 while none is. Any thread. */
export function loadTightGuard(words: Int32Array): number {
  return Atomics.load(words, HEADER.TIGHT_GUARD);
}

/** Changes with every published state: growth is counted from here. Any thread. */
export function loadStateVersion(words: Int32Array): number {
  return Atomics.load(words, HEADER.STATE_VERSION);
}
