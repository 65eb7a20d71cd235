/**
 * What an instrumented cache operation tells the tracker. Runs inside the operation, on the owning thread: a few loads and
 * stores, no message, no await.
 */
export interface Operations {
  /** A read of `key`; `hit` tells whether it found something. */
  read(hit: boolean, key: unknown): void;
  /** The cache dropped `entries` for its own limit. */
  evicted(entries: number): void;
  /** Spillway had `key` dropped: a later miss on it may be a regret. */
  dropped(key: unknown): void;
  /** Something was put or replaced; `bytes` is what the cache holds now. */
  put(bytes: number): void;
  /** Something may have gone (delete, clear, TTL, own limit); `bytes` is what the cache holds now. */
  shrink(bytes: number): void;
}

/** Own properties laid over a cache's methods, with the way back. */
export class Overlay<T extends object> {
  readonly #target: T;
  readonly #before = new Map<PropertyKey, PropertyDescriptor | undefined>();

  constructor(target: T) {
    this.#target = target;
  }

  /** Hides `name` behind `method`. The property is not enumerable, as a method on the prototype is not. */
  lay(name: PropertyKey, method: unknown): void {
    this.#before.set(name, Object.getOwnPropertyDescriptor(this.#target, name));
    Object.defineProperty(this.#target, name, { value: method, configurable: true, writable: true, enumerable: false });
  }

  /** Puts every property back as it was. */
  lift(): void {
    for (const [name, descriptor] of this.#before) {
      if (descriptor === undefined) Reflect.deleteProperty(this.#target, name);
      else Object.defineProperty(this.#target, name, descriptor);
    }
    this.#before.clear();
  }
}
