import type { CacheAccount } from '../account.js';
import { Overlay } from '../overlay.js';
import type { LruBooks } from './lru-books.js';
import { type Covers, coversOf, type Method } from './lru-covers.js';
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
    this.#overOwn = new Overlay(cache);
    Registered.begin(cache, account, books, slots); // first: on an object with a new prototype V8 gives them a shape for each cache
    try {
      Object.setPrototypeOf(cache, this.#layer);
      for (const [name, cover] of covers) {
        const own: unknown = Object.hasOwn(cache, name) ? Reflect.get(cache, name) : undefined;
        if (typeof own === 'function') this.#overOwn.lay(name, cover(own as Method));
      }
      if (calleeOf(cache) !== cache)
        throw new TypeError('its methods are called on another object, which can be registered');
    } catch (fault) {
      this.lift();
      throw fault;
    }
  }

  /** True once nothing of the cache is spillway's business any more. */
  get isLifted(): boolean {
    return this.#isLifted;
  }

  /**
   * Gives the cache its methods back. What somebody else has put over ours since is left to him, and calls the bare ones through them; so does all that
   * was frozen meanwhile.
   */
  lift(): void {
    this.#isLifted = true;
    Registered.end(this.#cache);
    this.#overOwn.lift();
    if (Object.getPrototypeOf(this.#cache) === this.#layer) Reflect.setPrototypeOf(this.#cache, this.#below);
  }
}

/** Answers with what it is called on: behind a proxy that binds methods, that is not the proxy, and what hangs on the proxy would not be found. */
const CALLEE = Symbol('spillway.callee');

function calleeOf(cache: object): unknown {
  return Reflect.apply(Reflect.get(cache, CALLEE), cache, []);
}

/** What stands between, with the methods that it was made over, and those that it was made with. */
interface Layer {
  readonly methods: object;
  readonly bares: readonly unknown[];
  readonly covers: readonly unknown[];
}

/** By the class, and by how its methods are covered. */
const layers = new WeakMap<object, Map<Covers, Layer>>();

/** The layer for caches of a class; a new one where somebody patched the class, or the layer, since the last was made. */
function layerOver(below: object, covers: Covers): object {
  const known = layers.get(below) ?? new Map<Covers, Layer>();
  layers.set(below, known);
  const names = [...covers.keys()];
  const bares = names.map((name): unknown => Reflect.get(below, name));
  const last = known.get(covers);
  const isSame = (name: string, index: number) =>
    last?.bares[index] === bares[index] &&
    Object.getOwnPropertyDescriptor(last?.methods, name)?.value === last?.covers[index];
  if (last !== undefined && names.every(isSame)) return last.methods;
  const methods = Object.create(below) as object;
  for (const [index, [name, cover]] of [...covers].entries()) {
    const bare = bares[index];
    if (typeof bare === 'function') lay(methods, name, cover(bare as Method));
  }
  lay(methods, CALLEE, function callee(this: object) {
    return this;
  });
  const made = names.map((name): unknown => Object.getOwnPropertyDescriptor(methods, name)?.value);
  known.set(covers, { methods, bares, covers: made });
  return methods;
}

function lay(methods: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(methods, name, { value, configurable: true, writable: true, enumerable: false });
}
