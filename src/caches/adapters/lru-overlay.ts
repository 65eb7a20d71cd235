import type { CacheAccount } from '../account.js';
import { Overlay } from '../overlay.js';
import type { LruBooks } from './lru-books.js';
import { type Covers, coversOf } from './lru-covers.js';
import type { LruInternals } from './lru-internals.js';
import type { LruCacheLike } from './lru-like.js';
import { Registered } from './lru-registered.js';

/**
 * Hides the methods of an LRUCache that can change its content or count as a read: by an object between the cache and its class, which all
 * caches of the class share. V8 then knows a method from the shape of the cache, as it knows the bare one; as a property of each cache it would be
 * looked up in each, which made up half of what a registered cache costs (bench/cache-ops).
 */
export class LruOverlay<K, V> {
  readonly #cache: LruCacheLike<K, V>;
  readonly #below: object;
  readonly #layer: object;
  /** Over methods that the cache had of its own. */
  readonly #overOwn: Overlay<LruCacheLike<K, V>>;
  #isLifted = false;

  /**
   * @param keepsSizes whether `calculatedSize` is what the cache holds.
   * @throws TypeError when nothing can be laid over the cache; it is as before then.
   */
  constructor(
    cache: LruCacheLike<K, V>,
    books: LruBooks<K, V>,
    slots: LruInternals<K> | null,
    account: CacheAccount,
    keepsSizes: boolean,
  ) {
    const covers = coversOf(cache, slots, keepsSizes);
    this.#cache = cache;
    this.#below = Object.getPrototypeOf(cache);
    this.#layer = layerOver(this.#below, covers);
    this.#overOwn = new Overlay(cache, account);
    for (const [name, cover] of covers) {
      if (Object.hasOwn(cache, name)) this.#overOwn.lay(name, cover(Reflect.get(cache, name)));
    }
    Registered.begin(cache, account, books, slots);
    Object.setPrototypeOf(cache, this.#layer);
  }

  /** True once the cache has its own methods again: nothing of it is spillway's business any more. */
  get isLifted(): boolean {
    return this.#isLifted;
  }

  /** Gives the cache its methods back. What somebody else has put over ours since is left to him, and calls the bare ones through them. */
  lift(): void {
    this.#isLifted = true;
    Registered.end(this.#cache);
    this.#overOwn.lift();
    if (Object.getPrototypeOf(this.#cache) === this.#layer) Reflect.setPrototypeOf(this.#cache, this.#below);
  }
}

/** By the class, and by how its methods are covered: the object that stands between, and the methods that it was made over. */
const layers = new WeakMap<object, Map<Covers, { readonly layer: object; readonly bares: readonly unknown[] }>>();

function layerOver(below: object, covers: Covers): object {
  const made = layers.get(below) ?? new Map();
  layers.set(below, made);
  const bares = [...covers.keys()].map((name): unknown => Reflect.get(below, name));
  const before = made.get(covers);
  if (before?.bares.every((bare: unknown, index: number) => bare === bares[index])) return before.layer;
  const layer = Object.create(below) as object;
  for (const [index, [name, cover]] of [...covers].entries()) {
    const bare = bares[index];
    if (typeof bare !== 'function') continue;
    const value = cover(bare as Parameters<typeof cover>[0]);
    Object.defineProperty(layer, name, { value, configurable: true, writable: true, enumerable: false });
  }
  made.set(covers, { layer, bares });
  return layer;
}
