import { HEADER } from './layout.js';

const MOST_BYTES = 2 ** 31 - 1;

/** Publishes how much the process may grow before the next sample. Sampler only. */
export function storeGuard(words: Int32Array, bytes: number): void {
  Atomics.store(words, HEADER.GUARD, Math.max(0, Math.min(MOST_BYTES, Math.floor(bytes))));
}

/** Bytes that the process may grow by since the last sample before a thread must help itself. Any thread. */
export function loadGuard(words: Int32Array): number {
  return Atomics.load(words, HEADER.GUARD);
}

/** Changes with every published state: growth is counted from here. Any thread. */
export function loadStateVersion(words: Int32Array): number {
  return Atomics.load(words, HEADER.STATE_VERSION);
}
