import type { EvictableCache, EvictionRequest } from '#src/index.js';

/** A cache of equal entries that counts what it was asked for. */
export class CountedCache implements EvictableCache {
  bytes: number;
  readonly asked: number[] = [];
  readonly requests: EvictionRequest[] = [];

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  evict(bytes: number, request: EvictionRequest): number | Promise<number> {
    this.asked.push(bytes);
    this.requests.push(request);
    return this.drop(bytes);
  }

  /** Drops what it can. @returns bytes dropped. */
  drop(bytes: number): number {
    const dropped = Math.min(bytes, this.bytes);
    this.bytes -= dropped;
    return dropped;
  }
}

/** A cache that does `behave` when it is asked; `drop` inside it takes bytes from the cache. */
export class StrangeCache extends CountedCache {
  readonly #behave: (this: StrangeCache, bytes: number, request: EvictionRequest) => number | Promise<number>;

  constructor(
    bytes: number,
    behave: (this: StrangeCache, bytes: number, request: EvictionRequest) => number | Promise<number>,
  ) {
    super(bytes);
    this.#behave = behave;
  }

  override evict(bytes: number, request: EvictionRequest): number | Promise<number> {
    this.asked.push(bytes);
    this.requests.push(request);
    return this.#behave.call(this, bytes, request);
  }
}
