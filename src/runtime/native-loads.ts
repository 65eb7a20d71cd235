import { isMainThread } from 'node:worker_threads';
import { endNativeLoads, forbidNativeLoads, permitNativeLoads } from '../page/native-load.js';

/** Keeps a sampler's thread from being ended while it loads native code, which aborts the process. Starting thread. */
export interface NativeLoads {
  /** To be called before the thread is ended: blocks for some ms while it loads. Idempotent. */
  end(): void;
  /** It ended, whatever it was doing. Idempotent. */
  threadEnded(): void;
}

/**
 * Some ms are expected, more where the machine is short of everything; a load that takes longer hangs. A process that exits has time; one that
 * replaces its sampler has other work.
 */
const TIMEOUT_MS = 1_000;
const EXIT_TIMEOUT_MS = 5_000;

/** The pages of the samplers that may load. */
const pages = new Set<Int32Array>();

/**
 * To be called before the thread begins. It may load where the main thread starts it: that ends it by `end`, or by the end of the process, which is
 * told of beforehand. A worker may be ended from outside at any time, and its own workers with it, so there nothing native is loaded.
 */
export function guardNativeLoads(words: Int32Array): NativeLoads {
  if (!isMainThread) {
    forbidNativeLoads(words);
    return { end: () => undefined, threadEnded: () => undefined };
  }
  permitNativeLoads(words);
  if (pages.size === 0) process.prependListener('exit', endAll); // before one that throws
  pages.add(words);
  let isOver = false;
  const finish = (finishOne: (words: Int32Array) => void) => {
    if (isOver) return;
    isOver = true;
    finishOne(words);
    pages.delete(words);
    if (pages.size === 0) process.off('exit', endAll);
  };
  return { end: () => finish(endInTime), threadEnded: () => finish(forbidNativeLoads) };
}

function endInTime(words: Int32Array): void {
  endNativeLoads(words, TIMEOUT_MS);
}

function endAll(): void {
  for (const words of pages) endNativeLoads(words, EXIT_TIMEOUT_MS);
}
