import type { SizeOf } from '../size-of.js';
import { isPending, isSameKey, type LruInternals, slotJustPut } from './lru-internals.js';
import type { LruCacheLike } from './lru-like.js';

/** Marks a slot that is free, as far as is known. */
const FREE = -1;

/**
 * Sizes for an LRUCache that keeps none, or none in bytes: a list beside its slots. What the cache does by itself (an expiry by a timer, a fetch
 * that fails) is noticed by the number of its entries, and made good by a look at every slot.
 */
export class SlotSizes<K, V> {
  readonly #cache: LruCacheLike<K, V>;
  readonly #internals: LruInternals<K>;
  readonly #sizeOf: SizeOf<K, V>;
  /** Whether a put may put out more entries than the one whose slot it takes. */
  readonly #freesSlots: boolean;
  readonly #sizes: number[] = [];
  #totalBytes = 0;
  #entries = 0;
  /** The next victim before the put that is going on. */
  #head = 0;
  #victim: K | undefined;

  constructor(cache: LruCacheLike<K, V>, internals: LruInternals<K>, sizeOf: SizeOf<K, V>) {
    this.#cache = cache;
    this.#internals = internals;
    this.#sizeOf = sizeOf;
    this.#freesSlots = cache.maxSize > 0;
  }

  /** Of all entries together. */
  bytes(): number {
    if (this.#entries !== this.#cache.size) this.#lookAtAll();
    return this.#totalBytes;
  }

  at(slot: number): number {
    return Math.max(0, this.#sizes[slot] ?? 0);
  }

  slotOf(key: K): number | undefined {
    return this.#internals.keyMap.get(key);
  }

  /** What stood in `slot` may have gone. */
  touched(slot: number): void {
    if (this.#internals.keyList[slot] === undefined) this.#free(slot);
  }

  /** An operation comes that may put entries out at the head. */
  beforePut(): void {
    if (!this.#freesSlots) return;
    this.#head = this.#internals.readHead();
    this.#victim = this.#internals.keyList[this.#head];
  }

  /** It came: `key` holds `value` now, and `evicted` entries had to go for it. */
  put(key: K, value: V | undefined, evicted: number): void {
    if (this.#freesSlots) this.#freeFromHead(key, evicted);
    const slot = value === undefined ? undefined : slotJustPut(this.#internals, key);
    if (slot !== undefined && value !== undefined) this.#fill(slot, this.#sizeOf(value, key));
  }

  /** The same where the cache made the value itself, at once or later. */
  brought(key: K, evicted: number): void {
    if (this.#freesSlots) this.#freeFromHead(key, evicted);
    const slot = this.#internals.keyMap.get(key);
    if (slot !== undefined) this.#fill(slot, this.#measure(slot, key));
  }

  /** The cache is empty. */
  cleared(): void {
    this.#sizes.length = 0;
    this.#totalBytes = 0;
    this.#entries = 0;
  }

  #fill(slot: number, bytes: number): void {
    const before = this.#sizes[slot] ?? FREE;
    if (before === FREE) this.#entries++;
    else this.#totalBytes -= before;
    this.#totalBytes += bytes;
    this.#sizes[slot] = bytes;
  }

  #free(slot: number): void {
    const before = this.#sizes[slot] ?? FREE;
    if (before === FREE) return;
    this.#entries--;
    this.#totalBytes -= before;
    this.#sizes[slot] = FREE;
  }

  /** An entry that was put over while it was the next victim has moved to the tail; those after it went. */
  #freeFromHead(key: K, evicted: number): void {
    const { next } = this.#internals;
    let slot = isSameKey(this.#victim, key) ? next[this.#head] : this.#head;
    this.#victim = undefined;
    for (let count = 0; count < evicted && slot !== undefined; count++) {
      this.#free(slot);
      slot = next[slot];
    }
  }

  #lookAtAll(): void {
    const { keyList } = this.#internals;
    for (let slot = 0; slot < keyList.length; slot++) {
      const key = keyList[slot];
      if (key === undefined) this.#free(slot);
      else if ((this.#sizes[slot] ?? FREE) === FREE) this.#fill(slot, this.#measure(slot, key));
    }
  }

  /** Nothing that is still being fetched weighs anything, but for a stale value that it replaces. */
  #measure(slot: number, key: K): number {
    const held = this.#internals.valList[slot];
    const value = (isPending(held) ? held.__staleWhileFetching : held) as V | undefined;
    return value === undefined ? 0 : this.#sizeOf(value, key);
  }
}
