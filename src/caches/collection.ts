import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { monotonicUs } from '../page/clock.js';

/** At most this share of wall time goes into collections that spillway asks for, below emergency. Source: the design, policy 6. */
export const COLLECTION_DUTY = 0.05;

type Collect = () => void;

/**
 * V8's full collection for the calling thread, also where Node was started without `--expose-gc`: the flag can be set while the
 * process runs, and shows in contexts made after that. Null where this V8 does not allow it.
 */
function findCollect(): Collect | null {
  if (typeof globalThis.gc === 'function') return () => void globalThis.gc?.();
  try {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    return typeof collect === 'function' ? () => void Reflect.apply(collect, undefined, []) : null;
  } catch {
    return null; // a policy of the embedder forbids flags or contexts: there is no other way to ask
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

/**
 * Asks V8 for collections on the thread that owns it, and keeps the books: how many, how long, and how many evicted bytes are
 * still uncollected as far as this thread knows.
 */
export class Collector {
  readonly #collect: Collect | null;
  #count = 0;
  #totalUs = 0;
  #lastUs = 0;
  #lastEndUs = -Infinity;
  #uncollectedBytes = 0;

  /** @param mode `'never'`: nothing is ever asked for. */
  constructor(mode: 'auto' | 'never') {
    this.#collect = mode === 'never' ? null : findCollect();
  }

  get available(): boolean {
    return this.#collect !== null;
  }

  /** Collections asked for so far, and the µs they took. */
  get count(): number {
    return this.#count;
  }
  get totalUs(): number {
    return this.#totalUs;
  }
  /** Bytes evicted since the last major collection that this thread knows of. */
  get uncollectedBytes(): number {
    return this.#uncollectedBytes;
  }

  noteEvicted(bytes: number): void {
    this.#uncollectedBytes += bytes;
  }

  /** What the heap shows as dead; V8 may have collected some of what was evicted by itself. */
  noteDead(bytes: number): void {
    this.#uncollectedBytes = Math.min(this.#uncollectedBytes, bytes);
  }

  /** Whether another collection now would keep the share of wall time under `duty`. */
  isDue(nowUs: number, duty: number): boolean {
    return this.#collect !== null && nowUs - this.#lastEndUs >= this.#lastUs * (1 / duty - 1);
  }

  /** Collects now; synchronous. @returns false where collecting is not possible or not allowed. */
  collect(): boolean {
    if (this.#collect === null) return false;
    const startUs = monotonicUs();
    this.#collect();
    this.#lastEndUs = monotonicUs();
    this.#lastUs = this.#lastEndUs - startUs;
    this.#totalUs += this.#lastUs;
    this.#count++;
    this.#uncollectedBytes = 0;
    return true;
  }
}
