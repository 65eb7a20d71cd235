import { createPageReturn, type PageReturnInput, type ReturnCause } from '../core/page-return.js';
import { createRefill } from '../core/refill.js';
import { monotonicUs } from '../page/clock.js';
import { sumHeldBytes } from '../page/thread-rows.js';
import type { Allocator } from '../sources/allocator.js';
import type { SourceSet } from '../sources/detect.js';

/**
 * The pages that allocators keep for reuse, and their way back to the system. How many there are is an estimate: what is resident beyond the heaps and
 * the least that was ever resident beside them (code, stacks, native memory). Runs where the sampler runs.
 */
export class FreePages {
  readonly #words: Int32Array;
  readonly #sources: Pick<SourceSet, 'rssBytes' | 'openAllocator'>;
  readonly #pageReturn = createPageReturn();
  readonly #refill = createRefill();
  /** undefined: it was not needed yet. */
  #allocator: Allocator | null | undefined;
  #leastBesideBytes = Number.POSITIVE_INFINITY;
  /** What was still kept after the last time, and did not go since: it does not go back. */
  #stuckBytes = 0;
  /** What rounds dropped since then. */
  #droppedBytes = 0;
  /** What giving back took so far, by the wall clock, µs. */
  spentUs = 0;
  /** What was given back and is expected to be taken again, bytes, as of the last `beforeSample`. */
  refillBytes = 0;

  constructor(words: Int32Array, sources: Pick<SourceSet, 'rssBytes' | 'openAllocator'>) {
    this.#words = words;
    this.#sources = sources;
  }

  /** To be called before usage is read. */
  beforeSample(nowMs: number): void {
    const rssBytes = this.#refill.isExpected(nowMs) ? this.#sources.rssBytes() : Number.NaN;
    this.refillBytes = Number.isNaN(rssBytes) ? 0 : this.#refill.bytes(nowMs, rssBytes);
  }

  /** What allocators keep, bytes; to be asked with every sample. @param rssBytes as read last. */
  keptBytes(rssBytes: number): number {
    const besideBytes = rssBytes - sumHeldBytes(this.#words);
    this.#leastBesideBytes = Math.min(this.#leastBesideBytes, Math.max(0, besideBytes));
    return Math.max(0, besideBytes - this.#leastBesideBytes);
  }

  /** A round took so much from the caches. */
  dropped(bytes: number): void {
    this.#droppedBytes += bytes;
  }

  /** Why they should be given back now; to be asked with every sample. */
  findReason(input: PageReturnInput): ReturnCause | null {
    return this.#pageReturn.next(input);
  }

  /** Gives them back where there are enough of them. @returns whether it did: usage was read before, and must be read again. */
  giveBack(nowMs: number, cause: ReturnCause): boolean {
    if (this.#allocator === undefined) this.#allocator = this.#sources.openAllocator();
    const beforeBytes = this.#allocator === null ? Number.NaN : this.#sources.rssBytes();
    if (this.#allocator === null || Number.isNaN(beforeBytes)) return false;
    const keptBytes = this.keptBytes(beforeBytes);
    this.#stuckBytes = Math.min(this.#stuckBytes, keptBytes);
    if (keptBytes - this.#stuckBytes <= cause.worthBytes) return false;
    const startUs = monotonicUs();
    this.#allocator.giveBack();
    const tookUs = monotonicUs() - startUs;
    this.spentUs += tookUs;
    this.#pageReturn.did(nowMs, tookUs / 1e3);
    const afterBytes = this.#sources.rssBytes();
    if (Number.isNaN(afterBytes)) return true;
    this.#stuckBytes = this.keptBytes(afterBytes);
    const goneBytes = Math.min(this.#droppedBytes, Math.max(0, beforeBytes - afterBytes));
    this.#droppedBytes -= goneBytes;
    if (cause.reason !== 'fall') this.#refill.gave(nowMs, beforeBytes, goneBytes);
    return true;
  }
}
