/**
 * A wide value: a safe integer (up to ±2^53) in two Int32 words, high × 2^31 + low. It is written by one thread. Unless it
 * stands under a sequence word, a reader on another thread must use `loadWideStable`.
 */
const LOW_RANGE = 2 ** 31;

export function storeWide(words: Int32Array, index: number, value: number): void {
  const high = Math.floor(value / LOW_RANGE);
  Atomics.store(words, index, high);
  Atomics.store(words, index + 1, value - high * LOW_RANGE);
}

/** For a value under a sequence word, or one that only this thread writes. */
export function loadWide(words: Int32Array, index: number): number {
  return Atomics.load(words, index) * LOW_RANGE + Atomics.load(words, index + 1);
}

/** How often a reader looks again before it takes what it has: a writer that died in the middle must not hang its readers. */
const MOST_TRIES = 1000;

/**
 * Writes a wide value whose high word seldom changes, guarded by a sequence word at `sequence`: while the high word stays,
 * one store of the low word is the whole change, and no reader can see half of it.
 */
export function storeGuardedWide(words: Int32Array, sequence: number, index: number, value: number): void {
  const high = Math.floor(value / LOW_RANGE);
  const low = value - high * LOW_RANGE;
  if (Atomics.load(words, index) === high) {
    Atomics.store(words, index + 1, low);
    return;
  }
  Atomics.add(words, sequence, 1);
  Atomics.store(words, index, high);
  Atomics.store(words, index + 1, low);
  Atomics.add(words, sequence, 1);
}

/** Partner of `storeGuardedWide`; any thread. */
export function loadGuardedWide(words: Int32Array, sequence: number, index: number): number {
  for (let attempt = 0; ; attempt++) {
    const before = Atomics.load(words, sequence);
    const value = loadWide(words, index);
    if (((before & 1) === 0 && Atomics.load(words, sequence) === before) || attempt === MOST_TRIES) return value;
  }
}

/** Ends the write in whose middle an earlier writer died. Only for the one who takes its place, before it writes. */
export function repairSequence(words: Int32Array, sequence: number): void {
  if ((Atomics.load(words, sequence) & 1) === 1) Atomics.add(words, sequence, 1);
}

/** Runs `write` with the sequence word odd. One writer only. */
export function writeUnderSequence(words: Int32Array, sequence: number, write: () => void): void {
  Atomics.add(words, sequence, 1);
  write();
  Atomics.add(words, sequence, 1);
}

/**
 * Runs `read` until it saw one version of everything under the sequence word; any thread, never blocks.
 * @returns false when the writer seems to have died in the middle: what was read last may then be torn.
 */
export function readUnderSequence(words: Int32Array, sequence: number, read: () => void): boolean {
  for (let attempt = 0; attempt <= MOST_TRIES; attempt++) {
    const before = Atomics.load(words, sequence);
    if ((before & 1) === 1) continue;
    read();
    if (Atomics.load(words, sequence) === before) return true;
  }
  return false;
}
