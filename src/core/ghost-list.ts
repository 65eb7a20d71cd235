/** Entries of one bucket, a ring: the next one takes the place of the oldest. */
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
  /** By bucket: its hashes in a ring, 0 where one is free, and then, once there are any, their notes. */
  #table = new Int32Array(FIRST_BUCKETS * WAYS);
  /** Words of a bucket: `WAYS`, or twice as many where there are notes. */
  #stride = WAYS;
  /** By bucket: the place of the next entry, which is that of the oldest. */
  #cursors = new Uint8Array(FIRST_BUCKETS);
  #size = 0;
  /** Hashes that were lost to later ones since the list grew last. */
  #lost = 0;
  #identities: WeakMap<WeakKey, number> | null = null;
  #lastIdentity = 0;

  /** Evictions remembered now. While it is 0 a miss costs nothing. */
  get size(): number {
    return this.#size;
  }

  /** Hashes that there is room for, in as many buckets as there are now. */
  get capacity(): number {
    return this.#cursors.length * WAYS;
  }

  /** Makes room for about `keys` more at once, which is cheaper than growing step by step. */
  reserve(keys: number): void {
    let buckets = this.#cursors.length;
    while ((this.#size + keys) * 2 > buckets * WAYS && buckets < MOST_BUCKETS) buckets *= 2;
    if (buckets > this.#cursors.length) this.#moveInto(buckets, this.#stride);
  }

  /** Pressure evicted `key`. @param note a whole number of 32 bits; 0: none. */
  remember(key: unknown, note = 0): void {
    const hash = this.#hash(key, true);
    const buckets = this.#cursors.length;
    if (note !== 0 && this.#stride === WAYS) this.#moveInto(buckets, 2 * WAYS);
    const isTight = this.#size * 2 >= this.capacity || this.#lost * 32 >= this.capacity;
    if (isTight && buckets < MOST_BUCKETS) this.#moveInto(2 * buckets, this.#stride);
    this.#insert(hash, note);
  }

  /** `key` was missed. @returns the note of its last eviction, which is then forgotten; `NOT_REMEMBERED`: pressure had not evicted it. */
  regret(key: unknown): number {
    const hash = this.#hash(key, false);
    if (hash === 0) return NOT_REMEMBERED;
    const first = this.#bucketOf(hash) * this.#stride;
    let found = -1;
    for (let at = first; at < first + WAYS; at++) {
      if (this.#table[at] !== hash) continue;
      if (found >= 0) return this.#forgetAll(hash);
      found = at;
    }
    return found < 0 ? NOT_REMEMBERED : this.#forget(found);
  }

  /** Forgets everything and gives its memory back. */
  clear(): void {
    this.#table = new Int32Array(FIRST_BUCKETS * WAYS);
    this.#stride = WAYS;
    this.#cursors = new Uint8Array(FIRST_BUCKETS);
    this.#size = 0;
    this.#lost = 0;
    this.#identities = null;
  }

  /**
   * Takes the place of the bucket's oldest without a look at the others: a branch on what stands in a table that is larger than the processor's
   * caches would wait for it, which was two fifths of what remembering a key cost.
   */
  #insert(hash: number, note: number): void {
    const bucket = this.#bucketOf(hash);
    const cursor = this.#cursors[bucket] ?? 0;
    this.#cursors[bucket] = (cursor + 1) & (WAYS - 1);
    const at = bucket * this.#stride + cursor;
    const before = this.#table[at] ?? 0;
    const isLost = (before | -before) >>> 31; // 1 where the place was taken, else 0, and no branch either
    this.#size += 1 - isLost;
    this.#lost = (this.#lost + isLost) | 0;
    this.#table[at] = hash;
    if (this.#stride > WAYS) this.#table[at + WAYS] = note;
  }

  /** A key that was put back without a read in between stands there more than once. @returns the latest note. */
  #forgetAll(hash: number): number {
    const bucket = this.#bucketOf(hash);
    const cursor = this.#cursors[bucket] ?? 0;
    let note = 0;
    for (let age = WAYS; age > 0; age--) {
      const at = bucket * this.#stride + ((cursor - age) & (WAYS - 1));
      if (this.#table[at] === hash) note = this.#forget(at);
    }
    return note;
  }

  #forget(at: number): number {
    this.#table[at] = 0;
    this.#size--;
    return this.#stride === WAYS ? 0 : (this.#table[at + WAYS] ?? 0) >>> 0;
  }

  /** The number of buckets is a power of two: a mask costs a tenth of a division. */
  #bucketOf(hash: number): number {
    return hash & (this.#cursors.length - 1);
  }

  #moveInto(buckets: number, stride: number): void {
    const [held, heldStride, heldCursors] = [this.#table, this.#stride, this.#cursors];
    this.#table = new Int32Array(buckets * stride);
    this.#stride = stride;
    this.#cursors = new Uint8Array(buckets);
    this.#size = 0;
    this.#lost = 0;
    for (let bucket = 0; bucket < heldCursors.length; bucket++) {
      const cursor = heldCursors[bucket] ?? 0;
      for (let age = WAYS; age > 0; age--) {
        const at = bucket * heldStride + ((cursor - age) & (WAYS - 1));
        const hash = held[at] ?? 0;
        if (hash !== 0) this.#insert(hash, heldStride === WAYS ? 0 : (held[at + WAYS] ?? 0));
      }
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
