import type { CacheAccount } from '../account.js';
import type { LruInternals } from './lru-internals.js';
import { callsBack, type LruCacheLike } from './lru-like.js';
import type { LruSecondChances } from './lru-second-chances.js';
import type { SlotSizes } from './slot-sizes.js';

/**
 * Entries that are chosen at once, and then go at once. Source: bench/eviction; what is needed of one is on its way from memory while another is looked at,
 * which is half of what choosing costs. And 32 pops take 5 to 10 µs, well under a slice.
 */
const BATCH = 32;

/** Chooses which entries of an LRUCache go next. What `pop` takes after a choice are those, in turn. */
export class LruVictims<K, V> {
  readonly #cache: LruCacheLike<K, V>;
  readonly #internals: LruInternals<K>;
  readonly #sizes: SlotSizes<K, V> | null;
  readonly #account: CacheAccount;
  /** One where the cache calls somebody for each entry that goes: he may change what comes next. */
  readonly #most: number;
  /** The slots of those chosen last, in turn. */
  readonly slots = new Uint32Array(BATCH);

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
   * Chooses some whose bytes are missing, as long as they fit into what may go, and remembers their keys.
   * @param chances by which others are spared; null: they go as they come.
   * @returns how many.
   */
  choose(missingBytes: number, mostBytes: number, chances: LruSecondChances<K> | null): number {
    const { keyList, next, readHead } = this.#internals;
    const most = Math.min(this.#most, this.#cache.size);
    let chosenBytes = 0;
    let slot = readHead();
    for (let chosen = 0; chosen < most; chosen++) {
      if (chosenBytes >= missingBytes) return chosen;
      if (chances !== null) slot = chances.spare(slot);
      chosenBytes += this.#bytesOf(slot);
      if (chosenBytes > mostBytes) return chosen;
      this.slots[chosen] = slot;
      this.#account.dropped(keyList[slot], chances === null ? 0 : chances.dropped());
      slot = next[slot] ?? 0;
    }
    return most;
  }

  #bytesOf(slot: number): number {
    return this.#sizes === null ? (this.#internals.sizes?.[slot] ?? 0) : this.#sizes.at(slot);
  }
}
