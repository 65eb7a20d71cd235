import type { CacheAccount } from '../account.js';
import type { LruInternals } from './lru-internals.js';
import { callsBack, type LruCacheLike } from './lru-like.js';
import type { LruSecondChances } from './lru-second-chances.js';
import type { SlotSizes } from './slot-sizes.js';

/**
 * Entries that are chosen at once, and then go at once. Source: bench/eviction; what is needed of one is on its way from memory while another is looked at,
 * which is half of what choosing costs. And 32 pops take 5 to 10 µs, well under a slice.
 */
export const BATCH = 32;

/**
 * Chooses which entries of an LRUCache go next. What `pop` takes after a choice are those, in turn, as long as nobody else uses the cache; where pops may
 * run the code of others, they are chosen one by one.
 */
export class LruVictims<K, V> {
  readonly #cache: LruCacheLike<K, V>;
  readonly #internals: LruInternals<K>;
  readonly #sizes: SlotSizes<K, V> | null;
  readonly #account: CacheAccount;
  readonly #most: number;
  /** The slots of those chosen last, in turn, and those of earlier ones behind them. */
  readonly #slots = new Uint32Array(BATCH);
  #chances: LruSecondChances<K> | null = null;
  /** The key of one that was chosen alone. */
  #single: K | undefined;

  constructor(
    cache: LruCacheLike<K, V>,
    internals: LruInternals<K>,
    sizes: SlotSizes<K, V> | null,
    account: CacheAccount,
  ) {
    this.#cache = cache;
    this.#internals = internals;
    this.#sizes = sizes;
    this.#account = account;
    this.#most = callsBack(cache, 'pop') ? 1 : BATCH;
  }

  /**
   * Chooses some whose bytes are missing, as long as they fit into what may go.
   * @param chances by which others are spared; null: they go as they come.
   * @returns how many. They are to be popped, and that is to be told with `went`.
   */
  choose(missingBytes: number, mostBytes: number, chances: LruSecondChances<K> | null): number {
    const { keyList, next, readHead } = this.#internals;
    const most = Math.min(this.#most, this.#cache.size);
    this.#chances = chances;
    let chosenBytes = 0;
    let slot = readHead();
    for (let chosen = 0; chosen < most; chosen++) {
      if (chosenBytes >= missingBytes) return chosen;
      if (chances !== null) slot = chances.spare(slot);
      chosenBytes += this.#bytesOf(slot);
      if (chosenBytes > mostBytes) return chosen;
      this.#slots[chosen] = slot;
      if (this.#most === 1) this.#single = keyList[slot];
      else this.#remember(keyList[slot]);
      slot = next[slot] ?? 0;
    }
    return most;
  }

  /** All that were chosen went. @param chosen what `choose` returned. */
  went(chosen: number): void {
    if (this.#sizes !== null)
      for (let number = 0; number < chosen; number++) this.#sizes.touched(this.#slots[number] ?? 0);
    if (this.#most !== 1) return;
    this.#remember(this.#single); // not before: a callback of the user may throw, and the entry stay
    this.#single = undefined;
  }

  #remember(key: K | undefined): void {
    if (key !== undefined) this.#account.dropped(key, this.#chances === null ? 0 : this.#chances.dropped());
  }

  #bytesOf(slot: number): number {
    return this.#sizes === null ? (this.#internals.sizes?.[slot] ?? 0) : this.#sizes.at(slot);
  }
}
