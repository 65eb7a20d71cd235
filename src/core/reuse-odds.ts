/** Times that an entry proved useful, as far as they are told apart: so much for each lap with a read, and one less for each without. */
const MOST_WORTH = 15;
const WORTH_PER_READ = 4;

/** How an entry can come to its turn: 16 degrees of worth, each with or without a read in its last lap. */
const KINDS = 2 * (MOST_WORTH + 1);

/** What is known weighs half when so many more of a kind were seen: popularity moves on. */
const TRIALS_REMEMBERED = 1024;
/** What is taken for known at first: half of those that were ever read are read again; of the others a quarter, as of what is dropped. */
const FIRST_TRIALS = 8;
const FIRST_REUSES = 4;
const FIRST_REUSES_UNREAD = 2;
const FIRST_DROPS = 64;
const FIRST_REGRETS = 16;

/** A note tells the kind in its low bits, and above them when it was written. */
const KIND_BITS = 5;
const KIND_MASK = 2 ** KIND_BITS - 1;
const NUMBER_MASK = 2 ** (32 - KIND_BITS) - 1;

/**
 * Learns how likely an entry that has become the least recently used one is to be read again soon, by what is known of it: how often it
 * was read while it went through the cache (its worth), and whether in this lap. Both outcomes teach: one that was dropped is regretted or
 * not, one that was given a second lap is read in it or not. A kind that is read again more often than what is dropped on average is worth
 * a second lap, so recency alone decides where nothing else tells more. Pure. Source: what ARC (Megiddo, Modha 2003) weighs by two ghost
 * lists, with one list and odds; hit rates as those of ARC on Zipf, within 1 % of LRU where recency is all (test/core/reuse-odds).
 */
export class ReuseOdds {
  readonly #trials = new Float64Array(KINDS).fill(FIRST_TRIALS);
  readonly #reuses = new Float64Array(KINDS).fill(FIRST_REUSES);
  #drops = FIRST_DROPS;
  #regrets = FIRST_REGRETS;
  #number = 0;

  constructor() {
    this.#reuses[0] = FIRST_REUSES_UNREAD;
  }

  /** The kind of an entry of `worth` that was read in its last lap, or not. */
  kindOf(worth: number, wasRead: boolean): number {
    return 2 * worth + (wasRead ? 1 : 0);
  }

  /** What it is worth after that lap. */
  nextWorth(kind: number): number {
    const worth = kind >> 1;
    return (kind & 1) === 1 ? Math.min(MOST_WORTH, worth + WORTH_PER_READ) : Math.max(0, worth - 1);
  }

  /** Whether an entry of this kind is read again more often than those that are dropped. */
  isWorthALap(kind: number): boolean {
    return (this.#reuses[kind] ?? 0) * this.#drops > (this.#trials[kind] ?? 0) * this.#regrets;
  }

  /** It goes through the cache once more. */
  spared(kind: number): void {
    this.#tried(kind);
  }

  /** It was read in that lap. */
  reused(kind: number): void {
    this.#reuses[kind] = (this.#reuses[kind] ?? 0) + 1;
  }

  /** It goes. @returns a note, not 0, to be kept until it is missed. */
  dropped(kind: number): number {
    this.#tried(kind);
    if (++this.#drops > TRIALS_REMEMBERED) {
      this.#drops /= 2;
      this.#regrets /= 2;
    }
    this.#number = (this.#number % NUMBER_MASK) + 1;
    return ((this.#number << KIND_BITS) | kind) >>> 0;
  }

  /** What was dropped with `note` was missed; it counts where a cache of `entries` would have kept it for one more lap. */
  regretted(note: number, entries: number): void {
    const age = (this.#number - (note >>> KIND_BITS)) & NUMBER_MASK;
    if (age > entries) return;
    this.#regrets++;
    this.reused(note & KIND_MASK);
  }

  #tried(kind: number): void {
    const trials = (this.#trials[kind] ?? 0) + 1;
    const isMuch = trials > TRIALS_REMEMBERED;
    this.#trials[kind] = isMuch ? trials / 2 : trials;
    if (isMuch) this.#reuses[kind] = (this.#reuses[kind] ?? 0) / 2;
  }
}
