import { SpillwayError } from '../core/errors.js';
import { HEADER, LAYOUT_VERSION, MAGIC, PAGE_WORDS } from './layout.js';
import { loadWide, storeWide } from './wide.js';

/** A fresh page with its header written. Runs on the thread that starts the runtime. */
export function createPage(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(PAGE_WORDS * Int32Array.BYTES_PER_ELEMENT));
  Atomics.store(words, HEADER.MAGIC, MAGIC);
  Atomics.store(words, HEADER.VERSION, LAYOUT_VERSION);
  // tells the pages of one process apart; node:crypto would cost 1.2 MiB of memory on every thread that loads it
  storeWide(words, HEADER.PAGE_ID, Math.floor(Math.random() * 2 ** 47));
  return words;
}

/**
 * The words of a page that another thread made.
 * @throws SpillwayError ERR_SPILLWAY_HANDLE_INVALID when it is no page, or one of another layout.
 */
export function openPage(buffer: unknown): Int32Array {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== PAGE_WORDS * Int32Array.BYTES_PER_ELEMENT) {
    throw new SpillwayError('ERR_SPILLWAY_HANDLE_INVALID', 'Expected the page of a spillway runtime of this version');
  }
  const words = new Int32Array(buffer);
  const version = Atomics.load(words, HEADER.VERSION);
  if (Atomics.load(words, HEADER.MAGIC) !== MAGIC || version !== LAYOUT_VERSION) {
    throw new SpillwayError(
      'ERR_SPILLWAY_HANDLE_INVALID',
      `Expected a page of layout ${LAYOUT_VERSION}, got layout ${version}: both threads must load the same version of spillway`,
    );
  }
  return words;
}

/** Bumped with every published state: equal epochs mean that nothing is new. Any thread; one load. */
export function loadEpoch(words: Int32Array): number {
  return Atomics.load(words, HEADER.EPOCH);
}

/** Index of the epoch. A number of its own, which V8 compiles into the code that uses it: a property would be looked up and checked at every use. */
export const EPOCH: number = HEADER.EPOCH;

/** What a thread has seen of the page, and whether it may have changed since. Runs inside every cache operation. */
export class EpochView {
  readonly words: Int32Array;
  /** The epoch when the thread looked last; -1: whatever stands there is new. */
  seen = -1;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /**
   * Whether the epoch moved, by a plain load, which V8 compiles into the operation that asks: an `Atomics.load` is a call. What it reads may be
   * old, so whoever goes by it must look with `hasMoved` now and then.
   */
  get seemsMoved(): boolean {
    return this.words[EPOCH] !== this.seen;
  }

  get hasMoved(): boolean {
    return loadEpoch(this.words) !== this.seen;
  }

  /** What stands on the page now has been seen. */
  see(): void {
    this.seen = loadEpoch(this.words);
  }

  /** Nothing has been seen. */
  forget(): void {
    this.seen = -1;
  }
}

/** Makes every thread take a closer look at its next cache operation. Sampler only. */
export function bumpEpoch(words: Int32Array): void {
  Atomics.add(words, HEADER.EPOCH, 1);
}

export function markStopped(words: Int32Array): void {
  Atomics.store(words, HEADER.STOPPED, 1);
  Atomics.add(words, HEADER.EPOCH, 1);
}

export function isStopped(words: Int32Array): boolean {
  return Atomics.load(words, HEADER.STOPPED) === 1;
}

/** Where sampling runs; the index is the wire code. `nowhere`: not yet, or the sampler is down. */
const SAMPLER_PLACES = ['nowhere', 'own-thread', 'starting-thread'] as const;
export type SamplerPlace = (typeof SAMPLER_PLACES)[number];

/** Starting thread only. */
export function markSamplerPlace(words: Int32Array, place: SamplerPlace): void {
  Atomics.store(words, HEADER.SAMPLER_PLACE, SAMPLER_PLACES.indexOf(place));
}

export function samplerPlace(words: Int32Array): SamplerPlace {
  return SAMPLER_PLACES[Atomics.load(words, HEADER.SAMPLER_PLACE)] ?? 'nowhere';
}

/** A number for a round of eviction, never given before on this page. Sampler only. */
export function nextRoundId(words: Int32Array): number {
  return Atomics.add(words, HEADER.ROUND, 1) + 1;
}

/** Sampler only. */
export function markRoundOpen(words: Int32Array, isOpen: boolean): void {
  Atomics.store(words, HEADER.ROUND_OPEN, isOpen ? 1 : 0);
}

/** Whether a round of eviction is under way. Any thread. */
export function isRoundOpen(words: Int32Array): boolean {
  return Atomics.load(words, HEADER.ROUND_OPEN) === 1;
}

/** Name of the broadcast channel that belongs to the page. */
export function channelName(words: Int32Array): string {
  return `spillway:${process.pid}:${loadWide(words, HEADER.PAGE_ID)}`;
}

/** Says which thread samples. Sampler only. */
export function storeSamplerThread(words: Int32Array, threadId: number): void {
  Atomics.store(words, HEADER.SAMPLER_THREAD, threadId);
}

/** 0 while the sampler has no thread of its own. */
export function loadSamplerThread(words: Int32Array): number {
  return Atomics.load(words, HEADER.SAMPLER_THREAD);
}

/** Keeps a header's count of rows that were ever claimed. Claiming threads. */
export function raiseRowsUsed(words: Int32Array, header: number, rows: number): void {
  for (;;) {
    const seen = Atomics.load(words, header);
    if (seen >= rows || Atomics.compareExchange(words, header, seen, rows) === seen) return;
  }
}
