/** Entries of one bucket, a ring: the next one takes the place of the oldest. */
const WAYS = 8;
const FIRST_BUCKETS = 64;

/**
 * Most buckets of a table: 2^17 hashes, 512 KiB, and as much again where there are notes. With that many, a key that was never evicted is
 * taken for an evicted one with a chance of n / 2^32, at most 3.1e-5 per miss (n hashes of 32 bits, compared in full).
 */
const MOST_BUCKETS = 2 ** 14;

/** Hashes that a table holds at the most. */
export const MOST_HASHES = MOST_BUCKETS * WAYS;

/** What `take` answers for a hash that is not there. */
export const NOT_FOUND = -1;

/**
 * Hashes, each with a note: a table that grows with what it must hold, up to a fixed bound. A bucket that is full loses its oldest, so some are lost before
 * the bound: 1 % of 70 000, 6 % of 100 000.
 */
export class GhostTable {
  /** By bucket: its hashes in a ring, 0 where one is free, and then, once there are any, their notes. */
  #table = new Int32Array(FIRST_BUCKETS * WAYS);
  /** Words of a bucket: `WAYS`, or twice as many where there are notes. */
  #stride = WAYS;
  /** By bucket: the place of the next entry, which is that of the oldest. */
  #cursors = new Uint8Array(FIRST_BUCKETS);
  #size = 0;
  /** Hashes that were lost to later ones since the table grew last. */
  #lost = 0;

  /** Hashes in it now. */
  get size(): number {
    return this.#size;
  }

  /** Hashes that there is room for, in as many buckets as there are now. */
  get capacity(): number {
    return this.#cursors.length * WAYS;
  }

  /** Makes room for about `hashes` more at once, which is cheaper than growing step by step. */
  reserve(hashes: number): void {
    let buckets = this.#cursors.length;
    while ((this.#size + hashes) * 2 > buckets * WAYS && buckets < MOST_BUCKETS) buckets *= 2;
    if (buckets > this.#cursors.length) this.#moveInto(buckets, this.#stride);
  }

  /** @param hash 32 bits, not 0. @param note a whole number of 32 bits; 0: none. */
  add(hash: number, note: number): void {
    const buckets = this.#cursors.length;
    if (note !== 0 && this.#stride === WAYS) this.#moveInto(buckets, 2 * WAYS);
    const isTight = this.#size * 2 >= this.capacity || this.#lost * 32 >= this.capacity;
    if (isTight && buckets < MOST_BUCKETS) this.#moveInto(2 * buckets, this.#stride);
    this.#insert(hash, note);
  }

  /** Takes a hash out, as often as it stands there. @returns the latest note, or `NOT_FOUND`. */
  take(hash: number): number {
    const first = this.#bucketOf(hash) * this.#stride;
    let found = -1;
    for (let at = first; at < first + WAYS; at++) {
      if (this.#table[at] !== hash) continue;
      if (found >= 0) return this.#removeAll(hash);
      found = at;
    }
    return found < 0 ? NOT_FOUND : this.#remove(found);
  }

  /**
   * Takes the place of the bucket's oldest without a look at the others: a branch on what stands in a table that is larger than the processor's
   * caches would wait for it.
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

  /** For one that stands there more than once. @returns its latest note. */
  #removeAll(hash: number): number {
    const bucket = this.#bucketOf(hash);
    const cursor = this.#cursors[bucket] ?? 0;
    let note = 0;
    for (let age = WAYS; age > 0; age--) {
      const at = bucket * this.#stride + ((cursor - age) & (WAYS - 1));
      if (this.#table[at] === hash) note = this.#remove(at);
    }
    return note;
  }

  #remove(at: number): number {
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
}
