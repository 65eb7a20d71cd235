/**
 * A wide value: a safe integer (up to ±2^53) in two Int32 words, high × 2^31 + low. It is written by one thread. A reader on another
 * thread may meet it half written, unless it stands under a sequence word or is a tracked one (below).
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

/** How often a reader looks again before it gives up: a writer that died in the middle must not hang its readers. */
const MOST_TRIES = 1000;

/** Words of a tracked value: a version, then two slots for a wide value. All zeros is 0. */
export const TRACKED_WORDS = 5;

/**
 * Writes a wide value that changes all the time and whose high word seldom does. While the high word stays, one store of the low
 * word is the whole change; else the other slot is filled and then made the one that stands. One writer only.
 * Partner: `loadTracked`, which waits for nobody, even when the writer is stopped in the middle.
 */
export function storeTracked(words: Int32Array, index: number, value: number): void {
  const version = Atomics.load(words, index);
  const slot = index + 1 + (version & 1) * 2;
  const high = Math.floor(value / LOW_RANGE);
  if (Atomics.load(words, slot) === high) {
    Atomics.store(words, slot + 1, value - high * LOW_RANGE);
    return;
  }
  storeWide(words, index + 1 + ((version + 1) & 1) * 2, value);
  Atomics.store(words, index, (version + 1) | 0);
}

/** What the one writer of a tracked value keeps beside it, so that it need not look at what stands there. */
export interface TrackedPlace {
  /** Of the value's first word. */
  readonly trackedIndex: number;
  /** Of the low word that stands, and what the high word above it is worth. Writer: `findPlace`, and from then on `storeAt`. */
  trackedLow: number;
  trackedBase: number;
}

/**
 * Writes a tracked value for an owner who keeps its place: while the high word stays, it makes a single plain store of the low word. A word is
 * never torn, and a reader sees it no later than whatever its writer makes known after it by an Atomics operation.
 * @param value >= 0; a fraction is cut off.
 */
export function storeAt(words: Int32Array, place: TrackedPlace, value: number): void {
  const low = value - place.trackedBase;
  if (low >= 0 && low < LOW_RANGE) words[place.trackedLow] = low;
  else storeBoth(words, place, value);
}

/** To be called once before the first store: nobody else writes the value from now on. */
export function findPlace(words: Int32Array, place: TrackedPlace): void {
  const slot = place.trackedIndex + 1 + (Atomics.load(words, place.trackedIndex) & 1) * 2;
  place.trackedLow = slot + 1;
  place.trackedBase = Atomics.load(words, slot) * LOW_RANGE;
}

function storeBoth(words: Int32Array, place: TrackedPlace, value: number): void {
  storeTracked(words, place.trackedIndex, value);
  findPlace(words, place);
}

/** Any thread. It looks again only when the writer has got further meanwhile. */
export function loadTracked(words: Int32Array, index: number): number {
  for (;;) {
    const version = Atomics.load(words, index);
    const value = loadWide(words, index + 1 + (version & 1) * 2);
    if (Atomics.load(words, index) === version) return value;
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
