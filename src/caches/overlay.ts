/** Own properties laid over a cache's methods, with the way back. */
export class Overlay<T extends object> {
  readonly #target: T;
  readonly #laid = new Map<
    PropertyKey,
    { readonly method: unknown; readonly before: PropertyDescriptor | undefined }
  >();

  /** @throws TypeError when nothing can be laid over the target. */
  constructor(target: T) {
    if (!Object.isExtensible(target)) throw new TypeError('the object is frozen or sealed');
    this.#target = target;
  }

  /**
   * Hides `name` behind `method`, or adds what is not there. The property is not enumerable, as a method on the prototype is not.
   * @throws TypeError when that is not possible; nothing is laid over then.
   */
  lay(name: PropertyKey, method: unknown): void {
    const before = Object.getOwnPropertyDescriptor(this.#target, name);
    const descriptor = { value: method, configurable: true, writable: true, enumerable: false };
    if (!Reflect.defineProperty(this.#target, name, descriptor)) {
      this.lift();
      throw new TypeError(`its method ${String(name)} cannot be replaced`);
    }
    this.#laid.set(name, { method, before });
  }

  /** True once every method is as it was: nothing of the cache is spillway's business any more. */
  get isLifted(): boolean {
    return this.#laid.size === 0;
  }

  /**
   * Puts every property back as it was; one that somebody else has replaced since is left to him. The last one goes first: so V8 finds back to
   * the shape that the object had.
   */
  lift(): void {
    for (const [name, { method, before }] of [...this.#laid].reverse()) {
      if (Object.getOwnPropertyDescriptor(this.#target, name)?.value !== method) continue;
      if (before === undefined) Reflect.deleteProperty(this.#target, name);
      else Reflect.defineProperty(this.#target, name, before); // not in an object that was frozen meanwhile
    }
    this.#laid.clear();
  }
}
