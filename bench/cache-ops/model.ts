/** What a model must know of the cache that it stands for; limits are 0 where there is none. */
interface Modelled<K, V> {
  readonly max: number;
  readonly maxSize: number;
  rkeys(): Iterable<K>;
  peek(key: K): V | undefined;
}

/** An LRU cache that is easily seen to be right: a Map in the order of use. */
export class LruModel<K, V> {
  /** The next victim first. */
  readonly entries = new Map<K, V>();
  readonly #limits: { readonly max: number; readonly maxSize: number };
  readonly #sizeOf: (value: V) => number;
  bytes = 0;
  evictions = 0;

  /** A model of `cache` as it is now. */
  constructor(cache: Modelled<K, V>, sizeOf: (value: V) => number) {
    this.#limits = cache;
    this.#sizeOf = sizeOf;
    for (const key of cache.rkeys()) {
      const value = cache.peek(key);
      if (value !== undefined) this.#put(key, value);
    }
  }

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    const { max, maxSize } = this.#limits;
    while (max > 0 && this.entries.size >= max) this.#evict();
    while (maxSize > 0 && this.bytes + this.#sizeOf(value) > maxSize) this.#evict();
    this.#put(key, value);
  }

  delete(key: K): boolean {
    const value = this.entries.get(key);
    if (value !== undefined) this.bytes -= this.#sizeOf(value);
    return this.entries.delete(key);
  }

  #put(key: K, value: V): void {
    this.entries.set(key, value);
    this.bytes += this.#sizeOf(value);
  }

  #evict(): void {
    const victim = this.entries.keys().next();
    if (victim.done === true) throw new RangeError('Nothing to evict');
    this.delete(victim.value);
    this.evictions++;
  }
}
