import { HEADER } from './layout.js';

const MOST_BYTES = 2 ** 31 - 1;

/** Publishes how much the process may grow before the next sample. Sampler only. */
export function storeGuard(words: Int32Array, bytes: number): void {
  Atomics.store(words, HEADER.GUARD, Math.max(1, Math.min(MOST_BYTES, Math.floor(bytes))));
}

/** Bytes that the process may grow by since the last sample before a thread must help itself; any number before the first. Any thread. */
export function loadGuard(words: Int32Array): number {
  const guardBytes = Atomics.load(words, HEADER.GUARD);
  return guardBytes === 0 || guardBytes === MOST_BYTES ? Number.POSITIVE_INFINITY : guardBytes;
}

/** Changes with every published state: growth is counted from here. Any thread. */
export function loadStateVersion(words: Int32Array): number {
  return Atomics.load(words, HEADER.STATE_VERSION);
}
