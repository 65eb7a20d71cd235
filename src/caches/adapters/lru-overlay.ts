import { isProxy } from 'node:util/types';
import type { CacheAccount, JointBooks } from '../account.js';
import { Overlay } from '../overlay.js';
import type { LruBooks } from './lru-books.js';
import { type Covers, coversOf, type Method } from './lru-covers.js';
import type { LruInternals } from './lru-internals.js';
import type { LruCacheLike } from './lru-like.js';
import { Registered } from './lru-registered.js';

/**
 * Hides the methods of an LRUCache that can change its content or count as a read: by an object between the cache and its class, which all caches
 * of the class share that are registered with one runtime on one thread. V8 then knows a method from the shape of the cache, as it knows the bare
 * one; as a property of each cache it would be looked up in each, which made up half of what a registered cache costs (bench/cache-ops).
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
    if (isProxy(cache)) throw new TypeError('it is a proxy, which hides what hangs on the cache: register its target');
    const covers = coversOf(cache, slots, keepsSizes);
    this.#cache = cache;
    this.#below = Object.getPrototypeOf(cache);
    this.#layer = layerOver(this.#below, covers, account.joint);
    this.#overOwn = new Overlay(cache);
    // first: on an object with a new prototype V8 gives them a shape for each cache. Slots are for puts that take the cache's own word for its bytes
    Registered.begin(cache, account, books, keepsSizes ? slots : null);
    try {
      Object.setPrototypeOf(cache, this.#layer);
      for (const [name, cover] of covers) {
        const own: unknown = Object.hasOwn(cache, name) ? Reflect.get(cache, name) : undefined;
        if (typeof own === 'function') this.#overOwn.lay(name, cover(own as Method, account.joint));
      }
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

/** A method of the layer, as it was made, and the one below that it was made over. */
interface Part {
  readonly name: string;
  readonly bare: unknown;
  readonly covering: unknown;
}

interface Layer {
  readonly methods: object;
  readonly parts: readonly Part[];
}

/** By the books that the caches have in common, by the class, and by how its methods are covered. */
const layers = new WeakMap<JointBooks, WeakMap<object, Map<Covers, Layer>>>();

/** The layer for caches of a class; a new one where somebody patched the class, or the layer, since the last was made. */
function layerOver(below: object, covers: Covers, joint: JointBooks): object {
  const ofJoint = layers.get(joint) ?? new WeakMap<object, Map<Covers, Layer>>();
  layers.set(joint, ofJoint);
  const made = ofJoint.get(below) ?? new Map<Covers, Layer>();
  ofJoint.set(below, made);
  const last = made.get(covers);
  const isAsMade = ({ name, bare, covering }: Part) =>
    Reflect.get(below, name) === bare && Object.getOwnPropertyDescriptor(last?.methods, name)?.value === covering;
  if (last?.parts.every(isAsMade)) return last.methods;
  const methods = Object.create(below) as object;
  const parts = [...covers].map(([name, cover]) => {
    const bare: unknown = Reflect.get(below, name);
    const covering = typeof bare === 'function' ? cover(bare as Method, joint) : undefined;
    if (covering !== undefined) {
      Object.defineProperty(methods, name, { value: covering, configurable: true, writable: true, enumerable: false });
    }
    return { name, bare, covering };
  });
  made.set(covers, { methods, parts });
  return methods;
}
