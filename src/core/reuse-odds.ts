/** Degrees of worth that are told apart. */
const MOST_WORTH = 15;
/** A lap with a read makes an entry worth so much more; one without, one less. */
const WORTH_PER_READ = 4;

/** How an entry can come to its turn: with a degree of worth, and with or without a read in its last lap. */
const KINDS = 2 * (MOST_WORTH + 1);

/** What is known weighs half when so many more of a kind were seen: popularity moves on. */
const TRIALS_REMEMBERED = 1024;
/** What is taken for known at first, of each kind and of all that is dropped: a quarter is wanted again. So nothing is spared before something was learned. */
const FIRST_TRIALS = 8;
const FIRST_WANTED = 2;

/** A note tells the kind, and above it when it was written. */
const KIND_BITS = Math.log2(KINDS);
const NUMBER_MASK = 2 ** (32 - KIND_BITS) - 1;

/**
 * Learns how likely an entry that has become the least recently used one is to be read again soon, by what is known of it: how often it
 * was read while it went through the cache (its worth), and whether in this lap. Both outcomes teach: one that was dropped is missed soon or
 * not, one that was spared is read in its next lap or not. A kind that is wanted more often than what is dropped on average is worth
 * another lap. Source: what ARC (Megiddo, Modha 2003) weighs by two lists and their ghosts, here with one list, and odds.
 */
export class ReuseOdds {
  readonly #trials = new Float64Array(KINDS).fill(FIRST_TRIALS);
  readonly #wanted = new Float64Array(KINDS).fill(FIRST_WANTED);
  #drops = FIRST_TRIALS;
  #regrets = FIRST_WANTED;
  #number = 0;

  /** The kind of an entry of `worth` that was read in its last lap, or not. */
  kindOf(worth: number, wasRead: boolean): number {
    return 2 * worth + (wasRead ? 1 : 0);
  }

  /** What it is worth after that lap. */
  nextWorth(kind: number): number {
    const worth = kind >> 1;
    return (kind & 1) === 1 ? Math.min(MOST_WORTH, worth + WORTH_PER_READ) : Math.max(0, worth - 1);
  }

  /** Whether an entry of this kind is wanted more often than those that are dropped. */
  isWorthALap(kind: number): boolean {
    return (this.#wanted[kind] ?? 0) * this.#drops > (this.#trials[kind] ?? 0) * this.#regrets;
  }

  /** It goes through the cache once more. */
  spared(kind: number): void {
    const trials = (this.#trials[kind] ?? 0) + 1;
    const isMuch = trials > TRIALS_REMEMBERED;
    this.#trials[kind] = isMuch ? trials / 2 : trials;
    if (isMuch) this.#wanted[kind] = (this.#wanted[kind] ?? 0) / 2;
  }

  /** It was read in that lap. */
  reused(kind: number): void {
    this.#wanted[kind] = (this.#wanted[kind] ?? 0) + 1;
  }

  /** It went. @returns a note, not 0, to be kept until its key is missed. */
  dropped(kind: number): number {
    this.spared(kind); // as much of a trial
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
    this.reused(note & (KINDS - 1));
  }
}
