import { fieldKey, fieldLabel, PseudoFile } from './pseudo-file.js';

const SOME = fieldKey('some');
const FULL = fieldKey('full');
const TOTAL = fieldLabel('total');
const AVERAGE_10_S = fieldLabel('avg10');

/** Below this the counters' own unit, 1 µs, and the time between the two clocks would be most of the answer. */
const SHORTEST_SPAN_US = 1000;

/** Shares of time in which some, or all, runnable tasks waited for memory, 0 to 1; -1: not known. */
export interface StallShares {
  some: number;
  full: number;
}

export function setStallUnknown(shares: StallShares): void {
  shares.some = -1;
  shares.full = -1;
}

/**
 * Pressure stall information (Documentation/accounting/psi.rst): of the process's own control group where it has a memory.pressure,
 * else of the machine. The share is the growth of the cumulative `total=` counter (µs) between two reads over the time between
 * them, which sees a stall at once where the kernel's own averages take seconds; the first reading is the kernel's 10 s average.
 * The kernel adds up per CPU while time passes, so a share can come out a little over 1; it is reported as 1.
 * Missing, switched off (`psi=0`) and unreadable are one honest "not known", with the reason. Sampler thread.
 */
export class StallSource {
  /** Why the last reading was not known; empty after one that was. */
  reason = '';
  /** Why nothing could be read at the start; null when it could. */
  readonly missingReason: string | null;
  readonly #file: PseudoFile;
  #lastReadUs = Number.NaN;
  #lastSomeUs = 0;
  #lastFullUs = 0;
  #someShare = 0;
  #fullShare = 0;

  /** @param paths files to try, the most specific first. */
  constructor(paths: readonly string[]) {
    this.#file = openFirst(paths);
    this.missingReason = this.#file.reason || null;
  }

  /** The file in use. */
  get description(): string {
    return this.#file.path;
  }

  /** @param nowUs monotonic time of the reading. */
  readInto(shares: StallShares, nowUs: number): void {
    const someUs = this.#file.read() ? this.#file.labelled(SOME, TOTAL) : Number.NaN;
    const fullUs = Number.isNaN(someUs) ? Number.NaN : this.#file.labelled(FULL, TOTAL);
    const isKnown = !Number.isNaN(fullUs) && this.#advance(someUs, fullUs, nowUs);
    this.reason = isKnown ? '' : this.#file.reason || `${this.#file.path}: a share above 1`;
    shares.some = isKnown ? this.#someShare : -1;
    shares.full = isKnown ? this.#fullShare : -1;
  }

  close(): void {
    this.#file.close();
  }

  /**
   * Moves the shares on; counters that fell belong to another file, which starts anew. @returns false where a share is none, as the averages of
   * a broken file can be.
   */
  #advance(someUs: number, fullUs: number, nowUs: number): boolean {
    const spanUs = nowUs - this.#lastReadUs;
    const startsAnew = Number.isNaN(spanUs) || someUs < this.#lastSomeUs || fullUs < this.#lastFullUs;
    if (startsAnew) {
      this.#someShare = this.#file.labelled(SOME, AVERAGE_10_S) / 100;
      this.#fullShare = this.#file.labelled(FULL, AVERAGE_10_S) / 100;
    } else if (spanUs >= SHORTEST_SPAN_US) {
      this.#someShare = Math.min(1, (someUs - this.#lastSomeUs) / spanUs);
      this.#fullShare = Math.min(1, (fullUs - this.#lastFullUs) / spanUs);
    }
    if (startsAnew || spanUs >= SHORTEST_SPAN_US) {
      this.#lastReadUs = nowUs;
      this.#lastSomeUs = someUs;
      this.#lastFullUs = fullUs;
    }
    return this.#someShare <= 1 && this.#fullShare <= 1;
  }
}

/** The first file that can be read; else the last one, whose reason then stands for all. */
function openFirst(paths: readonly string[]): PseudoFile {
  let file = new PseudoFile('', 256);
  for (const path of paths) {
    file = new PseudoFile(path, 256);
    if (file.read()) return file;
  }
  return file;
}
