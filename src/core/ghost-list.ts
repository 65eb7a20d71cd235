/** Entries of one bucket; a full bucket forgets its oldest. */
const WAYS = 8;
const FIRST_BUCKETS = 64;

/**
 * Most buckets of a list: 2^17 hashes, 512 KiB, and as much again where there are notes. With that many, a key that was never evicted is
 * taken for an evicted one with a chance of n / 2^32, at most 3.1e-5 per miss (n hashes of 32 bits, compared in full).
 */
const MOST_BUCKETS = 2 ** 14;

/** Keys that are remembered at the most. */
export const MOST_REMEMBERED = MOST_BUCKETS * WAYS;

/** Highest chance that a miss on a key which was never evicted counts as a regret. Source: the bound above. */
export const GHOST_FALSE_POSITIVE_RATE = MOST_REMEMBERED / 2 ** 32;

/** What `regret` answers for a key that is not remembered. */
export const NOT_REMEMBERED = -1;

/**
 * Remembers the hashes of keys that pressure evicted, not the keys: strings by content, numbers by value, objects by identity
 * through a weak table, so that nothing is kept alive. It grows with what it must remember, up to a fixed bound. A miss on a
 * remembered key is a regret, and is forgotten with it: one eviction can be regretted once. A key that was put back without
 * a read in between stays remembered. With each hash goes a note of the caller's.
 */
export class GhostList {
  #slots = new Int32Array(FIRST_BUCKETS * WAYS);
  /** By slot; null while there are none. */
  #notes: Uint32Array | null = null;
  /** Next victim of each full bucket. */
  #cursors = new Uint8Array(FIRST_BUCKETS);
  #size = 0;
  #identities: WeakMap<WeakKey, number> | null = null;
  #lastIdentity = 0;

  /** Hashes remembered now. While it is 0 a miss costs nothing. */
  get size(): number {
    return this.#size;
  }

  /** Hashes that there is room for, in as many buckets as there are now. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Makes room for about `keys` more at once. Growing step by step makes it a third dearer to remember them. */
  reserve(keys: number): void {
    let buckets = this.#cursors.length;
    while ((this.#size + keys) * 2 > buckets * WAYS && buckets < MOST_BUCKETS) buckets *= 2;
    if (buckets > this.#cursors.length) this.#grow(buckets);
  }

  /** Pressure evicted `key`. @param note a whole number of 32 bits; 0: none. */
  remember(key: unknown, note = 0): void {
    const hash = this.#hash(key, true);
    if (this.#size * 2 >= this.capacity && this.#cursors.length < MOST_BUCKETS) this.#grow(this.#cursors.length * 2);
    const slot = this.#insert(hash);
    if (note !== 0) this.#notes ??= new Uint32Array(this.#slots.length);
    if (this.#notes !== null) this.#notes[slot] = note;
  }

  /** `key` was missed. @returns the note of its eviction, which is then forgotten; `NOT_REMEMBERED`: pressure had not evicted it. */
  regret(key: unknown): number {
    const hash = this.#hash(key, false);
    if (hash === 0) return NOT_REMEMBERED;
    const first = this.#firstSlotOf(hash);
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#slots[slot] !== hash) continue;
      this.#slots[slot] = 0;
      this.#size--;
      return this.#notes?.[slot] ?? 0;
    }
    return NOT_REMEMBERED;
  }

  /** Forgets everything and gives its memory back. */
  clear(): void {
    this.#slots = new Int32Array(FIRST_BUCKETS * WAYS);
    this.#notes = null;
    this.#cursors = new Uint8Array(FIRST_BUCKETS);
    this.#size = 0;
    this.#identities = null;
  }

  /** @returns the slot that it has now. */
  #insert(hash: number): number {
    const first = this.#firstSlotOf(hash);
    for (let slot = first; slot < first + WAYS; slot++) {
      const held = this.#slots[slot];
      if (held === hash) return slot;
      if (held !== 0) continue;
      this.#slots[slot] = hash;
      this.#size++;
      return slot;
    }
    const bucket = first / WAYS;
    const cursor = this.#cursors[bucket] ?? 0;
    this.#slots[first + cursor] = hash;
    this.#cursors[bucket] = (cursor + 1) % WAYS;
    return first + cursor;
  }

  /** The number of buckets is a power of two: a mask costs a tenth of a division. */
  #firstSlotOf(hash: number): number {
    return (hash & (this.#cursors.length - 1)) * WAYS;
  }

  #grow(buckets: number): void {
    const held = this.#slots;
    const notes = this.#notes;
    this.#slots = new Int32Array(buckets * WAYS);
    this.#notes = notes === null ? null : new Uint32Array(buckets * WAYS);
    this.#cursors = new Uint8Array(buckets);
    this.#size = 0;
    for (const [from, hash] of held.entries()) {
      if (hash === 0) continue;
      const slot = this.#insert(hash);
      if (this.#notes !== null) this.#notes[slot] = notes?.[from] ?? 0;
    }
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
