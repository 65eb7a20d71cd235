import { MOST_REMEMBERED } from '../../core/ghost-list.js';
import { ReuseOdds } from '../../core/reuse-odds.js';
import type { SecondChances } from '../contract.js';
import { isSameKey, type LruInternals } from './lru-internals.js';

/** Entries that are spared for one that goes, at the most; and no more than this share of all: what was just put must not come to its turn. */
const MOST_SPARED = 16;
const MOST_SPARED_SHARE = 1 / 8;

/** The kind of an entry of which nothing is known, or not enough. */
const UNKNOWN = -1;

const FIRST_SLOTS = 1024;

const WORTH_BITS = 8;
const WORTH_MASK = 2 ** WORTH_BITS - 1;

/** The clock begins again when it comes here. */
const CLOCK_END = 2 ** 31;

/**
 * Gives entries of an LRUCache that are worth it a second chance: when their turn comes to go, they are moved to the most recently used end instead,
 * and the next one is looked at. A hit costs nothing for it: that an entry was read shows when its turn comes, since entries that were put later
 * have had theirs before it. Where that cannot be told, entries go as they come; so do all of a cache with more entries than ghosts are remembered.
 */
export class LruSecondChances<K> implements SecondChances<K> {
  readonly #internals: LruInternals<K>;
  readonly #odds = new ReuseOdds();
  /**
   * By slot, two words, so that what is read together stands together: when its entry was put or spared, by the clock below; then what it has
   * proved worth, and above that the kind that it was spared as, plus one, or 0 where it was not.
   */
  #slots = new Uint32Array(0);
  /** Counts what was put and spared. */
  #clock = 0;
  /** Nothing is known of what was put until then. */
  #blindUntil = 0;
  /** The latest of those whose turn has come. */
  #turnReached = 0;
  /** When the drop that is going on began, and for which round: what was put or spared since is not judged. */
  #dropBegan = 0;
  #round = 0;
  /** Of the entry that the last `spare` let go. */
  #kind = UNKNOWN;

  constructor(internals: LruInternals<K>) {
    this.#internals = internals;
  }

  noticeNew(key: K): void {
    const { keyList, keyMap, readTail } = this.#internals;
    if (keyMap.size > MOST_REMEMBERED) {
      this.overlook(); // what is dropped is forgotten before it can be missed, so only what is spared would teach
      return;
    }
    const tail = readTail();
    const slot = isSameKey(keyList[tail], key) ? tail : keyMap.get(key);
    if (slot === undefined) return; // it was not taken, or went at once
    this.#meet(slot);
    this.#slots[2 * slot] = this.#tick();
  }

  overlook(): void {
    this.#blindUntil = this.#clock;
  }

  regretted(note: number): void {
    this.#odds.regretted(note, this.#internals.keyMap.size);
  }

  /** Entries are going to be dropped. @param round which may come in slices; 0: none, a drop of its own. */
  beginDrop(round: number): void {
    if (round === 0 || round !== this.#round) this.#dropBegan = this.#clock;
    this.#round = round;
  }

  /** Moves entries away, from the one in `slot` on, until one may go. @returns its slot. */
  spare(slot: number): number {
    this.#kind = UNKNOWN;
    if (this.#clock === this.#blindUntil) return slot;
    const { keyMap, next, readTail, moveToTail } = this.#internals;
    const mostSpared = Math.min(MOST_SPARED, Math.floor(keyMap.size * MOST_SPARED_SHARE));
    let at = slot;
    for (let spared = 0; ; spared++) {
      const movedAt = Math.max(this.#slots[2 * at] ?? 0, this.#blindUntil);
      const isUnknown = movedAt === this.#blindUntil;
      if (movedAt > this.#dropBegan || (isUnknown && this.#turnReached <= this.#blindUntil)) return at;
      if (isUnknown) this.#meet(at); // it was read: others that came later have had their turn
      const kind = this.#kindOf(at, movedAt);
      if (spared >= mostSpared || !this.#odds.isWorthALap(kind) || at === readTail()) {
        this.#kind = kind;
        return at;
      }
      this.#odds.spared(kind);
      this.#slots[2 * at] = this.#tick();
      this.#slots[2 * at + 1] = this.#odds.nextWorth(kind) | ((kind + 1) << WORTH_BITS);
      const following = next[at] ?? 0;
      moveToTail(at);
      at = following;
    }
  }

  /** The entry that the last `spare` let go goes. @returns the note for its key; 0: none. */
  dropped(): number {
    return this.#kind === UNKNOWN ? 0 : this.#odds.dropped(this.#kind);
  }

  #meet(slot: number): void {
    if (2 * slot >= this.#slots.length) this.#grow(slot + 1);
    this.#slots[2 * slot + 1] = 0;
  }

  #kindOf(slot: number, movedAt: number): number {
    const wasRead = movedAt < this.#turnReached;
    if (!wasRead) this.#turnReached = movedAt;
    const record = this.#slots[2 * slot + 1] ?? 0;
    const sparedAs = record >>> WORTH_BITS;
    const worth = record & WORTH_MASK;
    if (sparedAs > 0 && wasRead) this.#odds.reused(sparedAs - 1);
    this.#slots[2 * slot + 1] = worth;
    return this.#odds.kindOf(worth, wasRead);
  }

  #tick(): number {
    if (++this.#clock < CLOCK_END) return this.#clock;
    this.#slots.fill(0);
    this.#blindUntil = this.#turnReached = this.#dropBegan = 0;
    this.#clock = 1;
    return 1;
  }

  #grow(slots: number): void {
    const larger = new Uint32Array(2 * Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(slots))));
    larger.set(this.#slots);
    this.#slots = larger;
  }
}
