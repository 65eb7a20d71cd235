import { isAtLeast } from '../core/level.js';
import { createPageReturn, type PageReturnInput, type ReturnCause } from '../core/page-return.js';
import { createRefill } from '../core/refill.js';
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
  readonly #clockUs: () => number;
  readonly #pageReturn = createPageReturn();
  readonly #refill = createRefill();
  /** undefined: it was not needed yet. */
  #allocator: Allocator | null | undefined;
  #leastBesideBytes = Number.POSITIVE_INFINITY;
  /** What was still kept after the last time, and did not go since: it does not go back. */
  #stuckBytes = 0;
  /** What went back of what the rounds dropped whose relief is still looked for. */
  #creditedBytes = 0;
  /** What went the last time that what was kept was worth it: more than that is not believed to go. */
  #wentBytes = Number.POSITIVE_INFINITY;
  #isSimulated = false;
  /** What giving back took so far, by the wall clock, µs. */
  spentUs = 0;
  /** What allocators keep, bytes, as of the last `update`. */
  keptBytes = 0;
  /** What was given back and is expected to be taken again, bytes, as of the last `beforeSample`. */
  refillBytes = 0;

  constructor(words: Int32Array, sources: Pick<SourceSet, 'rssBytes' | 'openAllocator'>, clockUs: () => number) {
    this.#words = words;
    this.#sources = sources;
    this.#clockUs = clockUs;
  }

  /** To be called before usage is read. @param isSimulated readings of a test stand in for the real ones: no page has to do with them. */
  beforeSample(nowMs: number, isSimulated: boolean): void {
    this.#isSimulated = isSimulated;
    if (this.#leastBesideBytes === Number.POSITIVE_INFINITY) this.update(nowMs, this.#sources.rssBytes()); // as it began
    const isExpected = !isSimulated && this.#refill.isExpected(nowMs);
    const rssBytes = isExpected ? this.#sources.rssBytes() : Number.NaN;
    this.refillBytes = Number.isNaN(rssBytes) ? 0 : this.#refill.bytes(nowMs, rssBytes);
  }

  /** To be called with every sample. @param rssBytes as read last; NaN: nobody knows. */
  update(nowMs: number, rssBytes: number): void {
    this.keptBytes = 0;
    if (Number.isNaN(rssBytes)) return;
    const besideBytes = Math.max(0, rssBytes - sumHeldBytes(this.#words));
    // right after pages went back, the heaps are as large as they were shown before
    if (!this.#refill.isExpected(nowMs)) this.#leastBesideBytes = Math.min(this.#leastBesideBytes, besideBytes);
    this.keptBytes = this.#keptOf(rssBytes);
    this.#stuckBytes = Math.min(this.#stuckBytes, this.keptBytes);
  }

  /** What goes back if it is asked for, or went just now and is expected to be taken again, bytes; 0 where nobody can ask. */
  get returnableBytes(): number {
    const hasAllocator = this.#allocator !== null && this.#allocator !== undefined;
    if (!hasAllocator || this.#isSimulated) return 0;
    return Math.min(this.#wentBytes, Math.max(0, this.keptBytes - this.#stuckBytes)) + this.refillBytes;
  }

  /** Why they should be given back now; to be asked with every sample. */
  findReason(input: PageReturnInput): ReturnCause | null {
    if (this.#isSimulated) return null;
    // before it is needed: it takes some ms, and reads a file
    if (this.#allocator === undefined && isAtLeast(input.level, 'warning')) this.#open();
    this.#creditedBytes = Math.min(this.#creditedBytes, input.droppedBytes);
    return this.#pageReturn.next(input);
  }

  /** Whether others let go of memory with the last sample. */
  get hasFallen(): boolean {
    return !this.#isSimulated && this.#pageReturn.hasFallen;
  }

  /**
   * Gives them back where there are enough of them.
   * @param droppedBytes what rounds dropped that is collected by now: that does not come again.
   * @param freedBytes the part of it that must be free by now, whatever the heaps still show.
   * @returns whether it did: usage was read before, and must be read again.
   */
  giveBack(nowMs: number, cause: ReturnCause, droppedBytes: number, freedBytes: number): boolean {
    if (this.#allocator === undefined) this.#open();
    const beforeBytes = this.#allocator === null ? Number.NaN : this.#sources.rssBytes();
    const looseBytes = this.#keptOf(beforeBytes) - this.#stuckBytes;
    const expectedBytes = Math.max(looseBytes, freedBytes - this.#creditedBytes);
    if (Number.isNaN(beforeBytes) || expectedBytes <= cause.worthBytes) return false;
    const startUs = this.#clockUs();
    this.#allocator?.giveBack();
    const tookUs = this.#clockUs() - startUs;
    this.spentUs += tookUs;
    this.#pageReturn.did(nowMs, tookUs / 1e3);
    const afterBytes = this.#sources.rssBytes();
    if (Number.isNaN(afterBytes)) return true;
    this.#stuckBytes = this.#keptOf(afterBytes);
    if (looseBytes > cause.worthBytes) this.#wentBytes = Math.max(0, beforeBytes - afterBytes);
    const goneBytes = Math.min(droppedBytes - this.#creditedBytes, Math.max(0, beforeBytes - afterBytes));
    // what did not go now does not go, or has gone before
    this.#creditedBytes = freedBytes > 0 ? droppedBytes : this.#creditedBytes + goneBytes;
    if (cause.reason !== 'fall') this.#refill.gave(nowMs, beforeBytes, goneBytes);
    return true;
  }

  #open(): void {
    this.#allocator = this.#sources.openAllocator();
  }

  #keptOf(rssBytes: number): number {
    return Math.max(0, rssBytes - sumHeldBytes(this.#words) - this.#leastBesideBytes);
  }
}
