import { GhostTable, MOST_HASHES, NOT_FOUND } from './ghost-table.js';

/** Evictions that there is room to write down for at first, and again once they were sorted in. */
const FIRST_ROOM = 64;

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
 * Evictions are written down in turn, and sorted in with the next miss. A place in a table that the processor's caches have long lost took a
 * quarter as long as dropping the entry (bench/eviction); of places next to each other, eight come at once, and a table that is filled in one go
 * costs a third of it.
 */
export class GhostList {
  readonly #sorted = new GhostTable();
  /** What is written down: a hash and its note each. A ring, once there is room for as many as are remembered. */
  #unsorted = new Int32Array(2 * FIRST_ROOM);
  /** Evictions written down since the last were sorted in. */
  #written = 0;
  #identities: WeakMap<WeakKey, number> | null = null;
  #lastIdentity = 0;

  /** Whether nothing is remembered: a miss costs nothing then. */
  get isEmpty(): boolean {
    return this.#written === 0 && this.#sorted.size === 0;
  }

  /** Evictions remembered now. */
  get size(): number {
    this.#sortIn();
    return this.#sorted.size;
  }

  /** Makes room for about `keys` more at once, which is cheaper than growing step by step. */
  reserve(keys: number): void {
    let room = this.#unsorted.length / 2;
    while (room < this.#written + keys && room < MOST_REMEMBERED) room *= 2;
    this.#makeRoom(room);
  }

  /** Pressure evicted `key`. @param note a whole number of 32 bits; 0: none. */
  remember(key: unknown, note = 0): void {
    const room = this.#unsorted.length / 2;
    if (this.#written === room && room < MOST_REMEMBERED) this.#makeRoom(2 * room);
    const at = this.#placeOf(this.#written++);
    this.#unsorted[at] = this.#hash(key, true);
    this.#unsorted[at + 1] = note;
  }

  /** `key` was missed. @returns the note of its last eviction, which is then forgotten; `NOT_REMEMBERED`: pressure had not evicted it. */
  regret(key: unknown): number {
    const hash = this.#hash(key, false);
    if (hash === 0) return NOT_REMEMBERED;
    this.#sortIn();
    return this.#sorted.take(hash);
  }

  #sortIn(): void {
    if (this.#written === 0) return;
    const first = Math.max(0, this.#written - MOST_REMEMBERED);
    this.#sorted.reserve(this.#written - first);
    for (let eviction = first; eviction < this.#written; eviction++) {
      const at = this.#placeOf(eviction);
      this.#sorted.add(this.#unsorted[at] ?? 0, this.#unsorted[at + 1] ?? 0);
    }
    this.#written = 0;
    if (this.#unsorted.length > 2 * FIRST_ROOM) this.#unsorted = new Int32Array(2 * FIRST_ROOM);
  }

  /** Where an eviction is written down: there is always room for a power of two of them. */
  #placeOf(eviction: number): number {
    return (2 * eviction) & (this.#unsorted.length - 1);
  }

  #makeRoom(evictions: number): void {
    if (2 * evictions <= this.#unsorted.length) return;
    const larger = new Int32Array(2 * evictions);
    larger.set(this.#unsorted);
    this.#unsorted = larger;
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
