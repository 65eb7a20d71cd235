import { HEADER, THREAD, threadOffset } from './layout.js';
import { liveThreadRows } from './thread-rows.js';

/**
 * A bell is a word that one side adds to and the other waits on. It wakes a thread whose event loop is idle, costs the one who
 * rings about 0.1 µs, queues nothing while the other is blocked, and carries no content: who is woken looks at the page.
 */
export interface BellListener {
  /** Nothing is heard from now on; idempotent. */
  stop(): void;
}

/** Wakes the owner of a thread row. Any thread. */
export function ringThread(words: Int32Array, row: number): void {
  ring(words, threadOffset(row) + THREAD.BELL);
}

/** Wakes every thread with a runtime. Any thread. */
export function ringThreads(words: Int32Array): void {
  for (const row of liveThreadRows(words)) ringThread(words, row);
}

/** Wakes the sampler. Any thread, also from inside a cache operation. */
export function ringSampler(words: Int32Array): void {
  ring(words, HEADER.SAMPLER_BELL);
}

/** Asks for a sample before its time: something happened that the last one could not know. Any thread, also from inside a cache operation. */
export function askForSample(words: Int32Array): void {
  Atomics.add(words, HEADER.TIDINGS, 1);
  ringSampler(words);
}

/** Changes whenever a thread asks for a sample. Sampler. */
export function loadTidings(words: Int32Array): number {
  return Atomics.load(words, HEADER.TIDINGS);
}

/** Calls `onRing` on the event loop of the owner of the row after rings for it; rings that come together are one call. */
export function listenAsThread(words: Int32Array, row: number, onRing: () => void): BellListener {
  return listen(words, threadOffset(row) + THREAD.BELL, onRing);
}

/** The same for whoever runs the sampler. */
export function listenAsSampler(words: Int32Array, onRing: () => void): BellListener {
  return listen(words, HEADER.SAMPLER_BELL, onRing);
}

/** What the bell of a row has rung so far: to be taken before the look that decides to wait. */
export function loadBell(words: Int32Array, row: number): number {
  return Atomics.load(words, threadOffset(row) + THREAD.BELL);
}

/** Blocks the calling thread until its bell rings beyond `heard`, or the time is over. */
export function waitForBell(words: Int32Array, row: number, heard: number, timeoutMs: number): void {
  Atomics.wait(words, threadOffset(row) + THREAD.BELL, heard, timeoutMs);
}

function ring(words: Int32Array, index: number): void {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
}

/** Atomics.waitAsync does not keep the process alive. */
function listen(words: Int32Array, index: number, onRing: () => void): BellListener {
  let stopped = false;
  let heard = Atomics.load(words, index);

  const wake = () => {
    if (stopped) return;
    heard = Atomics.load(words, index); // before the call: a ring during it is heard by the next wait
    onRing();
    arm();
  };
  const arm = () => {
    if (stopped) return;
    const waiting = Atomics.waitAsync(words, index, heard);
    if (waiting.async) void waiting.value.then(wake);
    else setImmediate(wake); // rung meanwhile; the loop gets its turn nevertheless
  };

  arm();
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      Atomics.notify(words, index); // ends the wait, and lets go of all that hangs on it
    },
  };
}
