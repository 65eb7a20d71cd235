import { ReuseOdds } from '../../core/reuse-odds.js';
import type { LruInternals } from './lru-internals.js';

/** Entries that are spared for one that goes, at the most. */
const MOST_SPARED = 8;

const FIRST_SLOTS = 1024;

/**
 * Gives entries of an LRUCache that are worth it a second chance: where a put would put them out, they are moved to the fresh end instead, and the
 * next one is looked at. Reads cost nothing for it: that an entry was read shows when its turn comes, since others that were put after it
 * come before it then. Knows only of puts that it was told of, and lets the others go as they come.
 */
export class LruSecondChances {
  readonly #internals: LruInternals<unknown>;
  readonly #odds = new ReuseOdds();
  /** By slot: when its entry was put or spared, by the clock of puts; 0: not known. */
  #sinceWhen = new Uint32Array(0);
  /** By slot: what its entry has proved worth. */
  #worths = new Uint8Array(0);
  /** By slot: the kind that its entry was spared as, plus one; 0: it was not. */
  #sparedAs = new Uint8Array(0);
  /** Counts puts and what was spared. */
  #clock = 0;
  /** The latest of those whose turn has come. */
  #latest = 0;
  #lastPut = 0;

  constructor(internals: LruInternals<unknown>) {
    this.#internals = internals;
  }

  /** An entry was put, the cache's `nthPut` one, and stands at the fresh end. Where puts are missing, all is forgotten but the odds. */
  put(nthPut: number): void {
    if (nthPut !== this.#lastPut + 1) this.#sinceWhen.fill(0);
    this.#lastPut = nthPut;
    const slot = this.#internals.readTail();
    if (slot >= this.#sinceWhen.length) this.#grow(slot + 1);
    this.#sinceWhen[slot] = this.#tick();
    this.#worths[slot] = 0;
    this.#sparedAs[slot] = 0;
  }

  /** Moves entries away from the end until the one there may go. @returns the note for it; 0: nothing is known of it. */
  spare(): number {
    if (this.#clock === 0) return 0;
    const { readHead, moveToTail } = this.#internals;
    for (let spared = 0; ; spared++) {
      const slot = readHead();
      const since = this.#sinceWhen[slot] ?? 0;
      if (since === 0) return 0;
      const kind = this.#kindOf(slot, since);
      if (spared === MOST_SPARED || !this.#odds.isWorthALap(kind)) return this.#odds.dropped(kind);
      this.#odds.spared(kind);
      this.#sinceWhen[slot] = this.#tick();
      this.#worths[slot] = this.#odds.nextWorth(kind);
      this.#sparedAs[slot] = kind + 1;
      moveToTail(slot);
    }
  }

  /** What went with `note` was missed; the cache holds `entries`. */
  regretted(note: number, entries: number): void {
    this.#odds.regretted(note, entries);
  }

  #kindOf(slot: number, since: number): number {
    const wasRead = ((since - this.#latest) | 0) < 0;
    if (!wasRead) this.#latest = since;
    const sparedAs = this.#sparedAs[slot] ?? 0;
    if (sparedAs > 0 && wasRead) this.#odds.reused(sparedAs - 1);
    return this.#odds.kindOf(this.#worths[slot] ?? 0, wasRead);
  }

  #tick(): number {
    this.#clock = (this.#clock + 1) >>> 0 || 1;
    return this.#clock;
  }

  #grow(slots: number): void {
    const length = Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(slots)));
    const grown = <T extends Uint32Array | Uint8Array>(larger: T, held: T): T => {
      larger.set(held);
      return larger;
    };
    this.#sinceWhen = grown(new Uint32Array(length), this.#sinceWhen);
    this.#worths = grown(new Uint8Array(length), this.#worths);
    this.#sparedAs = grown(new Uint8Array(length), this.#sparedAs);
  }
}
