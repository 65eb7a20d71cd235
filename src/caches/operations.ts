/**
 * What an instrumented cache operation tells the tracker. Runs inside the operation, on the owning thread: a few loads and
 * stores, no message, no await.
 */
export interface Operations {
  /**
   * The cache's own code runs from here to `leave`, and with it callbacks of the user: nothing is evicted meanwhile.
   * @returns false when the cache, or one of its callbacks, calls the same cache again: such a call counts for nothing.
   */
  enter(): boolean;
  leave(): void;
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

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Own properties laid over a cache's methods, with the way back. */
export class Overlay<T extends object> {
  readonly #target: T;
  readonly #operations: Operations;
  readonly #laid = new Map<string, { readonly method: unknown; readonly before: PropertyDescriptor | undefined }>();

  /** @throws TypeError when nothing can be laid over the target. */
  constructor(target: T, operations: Operations) {
    if (!Object.isExtensible(target)) throw new TypeError('the object is frozen or sealed');
    this.#target = target;
    this.#operations = operations;
  }

  /**
   * Hides `name` behind `method`. The property is not enumerable, as a method on the prototype is not.
   * @throws TypeError when that is not possible; nothing is laid over then.
   */
  lay(name: string, method: unknown): void {
    const before = Object.getOwnPropertyDescriptor(this.#target, name);
    const descriptor = { value: method, configurable: true, writable: true, enumerable: false };
    if (!Reflect.defineProperty(this.#target, name, descriptor)) {
      this.lift();
      throw new TypeError(`its method ${name} cannot be replaced`);
    }
    this.#laid.set(name, { method, before });
  }

  /**
   * Lays a call-through over a method, where there is one: what `before` made of the arguments is given to `after`, which runs also when
   * the method throws, but not for calls from inside the cache.
   */
  layAround<B>(name: string, before: (args: unknown[]) => B, after: (made: B, threw: boolean) => void): void {
    const bare: unknown = Reflect.get(this.#target, name);
    if (typeof bare !== 'function') return;
    const target = this.#target;
    const operations = this.#operations;
    this.lay(name, function around(...args: unknown[]) {
      const isOutermost = operations.enter();
      let threw = true;
      let made: B | undefined;
      try {
        if (isOutermost) made = before(args);
        const result: unknown = Reflect.apply(bare as Method, target, args);
        threw = false;
        return result;
      } finally {
        operations.leave();
        if (isOutermost) after(made as B, threw);
      }
    });
  }

  /** True once every method is as it was: nothing of the cache is spillway's business any more. */
  get isLifted(): boolean {
    return this.#laid.size === 0;
  }

  /** Puts every property back as it was; one that somebody else has replaced since is left to him. */
  lift(): void {
    for (const [name, { method, before }] of this.#laid) {
      if (Object.getOwnPropertyDescriptor(this.#target, name)?.value !== method) continue;
      if (before === undefined) Reflect.deleteProperty(this.#target, name);
      else Object.defineProperty(this.#target, name, before);
    }
    this.#laid.clear();
  }
}
