import { GhostTable, MOST_HASHES, NOT_FOUND } from './ghost-table.js';

/** Evictions that there is room to write down for at first, and how much room is kept once they were sorted in. */
const FIRST_ROOM = 64;
const KEPT_ROOM = 2 ** 13;

/** Keys that are remembered at the most. */
export const MOST_REMEMBERED = MOST_HASHES;

/** Highest chance that a miss on a key which was never evicted counts as a regret. Source: the table's bound. */
export const GHOST_FALSE_POSITIVE_RATE = MOST_REMEMBERED / 2 ** 32;

/** What `regret` answers for a key that is not remembered. */
export const NOT_REMEMBERED = NOT_FOUND;

/**
 * Remembers the hashes of keys that pressure evicted, not the keys: strings by content, numbers by value, objects by identity
 * through a weak table, so that nothing is kept alive. It grows with what it must remember, up to a fixed bound. A miss on a
 * remembered key is a regret, and is forgotten with it: one eviction can be regretted once. A key that was put back without
 * a read in between stays remembered. With each hash goes a note of the caller's.
 *
 * Evictions are written down in turn, and sorted in with the next miss. A place of its own in a table that the processor's caches have lost takes as
 * long as a quarter of dropping the entry; of places next to each other, eight come at once, and nobody waits for what is sorted in before it is
 * asked for. That miss takes some 10 to 20 ns for each eviction since the one before: 1 ms after a round of 50 000.
 */
export class GhostList {
  /** Kept for a miss, which finds it at the cost of a load. */
  #isEmpty = true;
  readonly #sorted = new GhostTable();
  /** What is written down: a hash and its note each. */
  #unsorted = new Int32Array(2 * FIRST_ROOM);
  /** Where the next one is written. */
  #next = 0;
  /** Whether there is no room for more, so that from `#next` on stand the oldest. */
  #isFull = false;
  #identities: WeakMap<WeakKey, number> | null = null;
  #lastIdentity = 0;

  /** Whether nothing is remembered: a miss costs nothing then. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Makes room for about `keys` more at once, which is cheaper than growing step by step. */
  reserve(keys: number): void {
    let words = this.#unsorted.length;
    while (words < this.#next + 2 * keys && words < 2 * MOST_REMEMBERED) words *= 2;
    if (words > this.#unsorted.length) this.#growTo(words);
  }

  /** Pressure evicted `key`. @param note a whole number of 32 bits; 0: none. */
  remember(key: unknown, note = 0): void {
    if (this.#next === this.#unsorted.length) this.#makeRoom();
    const at = this.#next;
    this.#unsorted[at] = this.#hash(key, true);
    this.#unsorted[at + 1] = note;
    this.#next = at + 2;
    this.#isEmpty = false;
  }

  /** `key` was missed. @returns the note of its last eviction, which is then forgotten; `NOT_REMEMBERED`: pressure had not evicted it. */
  regret(key: unknown): number {
    const hash = this.#hash(key, false);
    if (hash === 0) return NOT_REMEMBERED;
    this.#sortIn();
    const note = this.#sorted.take(hash);
    this.#isEmpty = this.#sorted.size === 0;
    return note;
  }

  #makeRoom(): void {
    if (this.#next < 2 * MOST_REMEMBERED) {
      this.#growTo(2 * this.#next);
      return;
    }
    this.#isFull = true;
    this.#next = 0;
  }

  #growTo(words: number): void {
    const larger = new Int32Array(words);
    larger.set(this.#unsorted);
    this.#unsorted = larger;
  }

  #sortIn(): void {
    const words = this.#isFull ? this.#unsorted.length : this.#next;
    if (words === 0) return;
    this.#sorted.reserve(words / 2);
    if (this.#isFull) this.#sortInFrom(this.#next, words);
    this.#sortInFrom(0, this.#next);
    this.#next = 0;
    this.#isFull = false;
    if (this.#unsorted.length > 2 * KEPT_ROOM) this.#unsorted = new Int32Array(2 * FIRST_ROOM);
  }

  #sortInFrom(from: number, to: number): void {
    for (let at = from; at < to; at += 2) this.#sorted.add(this.#unsorted[at] ?? 0, this.#unsorted[at + 1] ?? 0);
  }

  /** A hash of 32 bits but not 0, which marks a free slot, so it is what an object gets that was never evicted. */
  #hash(key: unknown, evicted: boolean): number {
    if (typeof key === 'string') return hashString(key);
    if (typeof key === 'number') return Number.isInteger(key) ? finish(key ^ (key / 2 ** 32)) : hashString(String(key));
    if ((typeof key === 'object' && key !== null) || typeof key === 'function') return this.#identity(key, evicted);
    return hashString(String(key));
  }

  #identity(key: WeakKey, evicted: boolean): number {
    const known = this.#identities?.get(key);
    if (known !== undefined || !evicted) return known ?? 0;
    this.#identities ??= new WeakMap();
    const hash = finish(++this.#lastIdentity);
    this.#identities.set(key, hash);
    return hash;
  }
}

/** FNV-1a over the UTF-16 code units, then `finish`. Source: Fowler, Noll, Vo; the 32-bit offset basis and prime. */
function hashString(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return finish(hash);
}

/** Spreads a hash over all 32 bits. Source: the finalizer of MurmurHash3 (fmix32). */
function finish(seed: number): number {
  let hash = seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16) || 1;
}
