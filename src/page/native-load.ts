import { HEADER } from './layout.js';

/**
 * When the sampler loads native code. Node aborts the process where it ends a thread whose native module is just being set up (its calls of
 * Node-API fail, and node-addon-api takes that for fatal): so whoever ends the thread forbids the load first, or waits for it.
 */
const MAY = 0;
const LOADING = 1;
const MAY_NOT = 2;

/** @returns what `load` does, null where it may not be called. Sampler only. */
export function loadNative<T>(words: Int32Array, load: () => T): T | null {
  if (Atomics.compareExchange(words, HEADER.NATIVE_LOAD, MAY, LOADING) !== MAY) return null;
  try {
    return load();
  } finally {
    Atomics.store(words, HEADER.NATIVE_LOAD, MAY);
    Atomics.notify(words, HEADER.NATIVE_LOAD);
  }
}

/** Before the sampler's thread begins. Starting thread. */
export function permitNativeLoads(words: Int32Array): void {
  Atomics.store(words, HEADER.NATIVE_LOAD, MAY);
}

/** Where there is no thread that could be loading. Starting thread. */
export function forbidNativeLoads(words: Int32Array): void {
  Atomics.store(words, HEADER.NATIVE_LOAD, MAY_NOT);
}

/**
 * No load begins from now on, and none is under way, unless it takes longer than `timeoutMs`. Blocks while one is, for some ms as a rule. Starting
 * thread.
 */
export function endNativeLoads(words: Int32Array, timeoutMs: number): void {
  while (Atomics.compareExchange(words, HEADER.NATIVE_LOAD, MAY, MAY_NOT) === LOADING) {
    if (Atomics.wait(words, HEADER.NATIVE_LOAD, LOADING, timeoutMs) === 'timed-out') return;
  }
}
