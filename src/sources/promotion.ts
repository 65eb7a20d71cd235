/**
 * How long a step of the old generation counts as what the next collection may do. Longer than a few collections at any pace that
 * kills within seconds; shorter than the time after which the steps of a start have nothing to do with the present.
 */
const STEP_MEMORY_MS = 1000;

/** A fall of less than this share of the limit is not taken for a major collection: sampling and sweeping move that much. */
const LEAST_FALL = 0.02;

/** Past this multiple of the highest recent peak, what the collections at those peaks found says nothing about what is held now. */
const BEYOND_PEAK = 1.5;

/** What a peak counts for after each lower one that follows: V8 collects garbage now early, now late. */
const PEAK_MEMORY = 0.9;

/**
 * What was alive in the young generation for each byte of a step. An object moves over with the second collection that it survives,
 * so a step shows half; a third where the semi-space doubles meanwhile. Measured on Node 24 with an old generation of 64 MiB:
 * steps of 11 MiB with 32 MiB alive.
 */
const ALIVE_PER_STEP = 3;

/** The next step is not expected to be much more than all of the rise that it follows, or a single step would pass for a ramp. */
const MOST_PER_RISE = 1.25;

/** Below this share of a semi-space a step is what is left of a young generation that mostly died: nothing more was alive. */
const LEAST_STEP = 1 / 6;

/** The young generation as the estimate needs it, bytes. */
export interface YoungGeneration {
  /** What it holds now, dead or alive. */
  heldBytes: number;
  /** What one semi-space holds when it is full, as large as it has grown by now. */
  semiSpaceBytes: number;
}

/**
 * Estimates what the next collection adds to the old generation at once. What is alive in the young generation moves over in one
 * step, and V8 aborts when the step does not fit; on a heap of 64 MiB a step can be 16 MiB and more. Expected is, whichever
 * is more,
 *
 * - what was alive at the largest step of the last second, at most a full semi-space;
 * - of what the young generation holds now, the share of a semi-space that this was;
 *
 * times the share of such additions that the last major collection found alive. A program whose old generation rises and falls with
 * garbage has big steps too, and does not die of them.
 */
export class PromotionEstimate {
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastHeldBytes = 0;
  #lastSemiSpaceBytes = Number.POSITIVE_INFINITY;
  /** The largest step: what was alive in the young generation then, in bytes and in semi-spaces; when it was; what was held before. */
  #movedBytes = 0;
  #movedShare = 0;
  #stepMs = Number.NEGATIVE_INFINITY;
  #baseBytes = 0;
  /** What the last major collection left, the most held since, the highest recent peak, and the share that it found alive. */
  #troughBytes = 0;
  #peakBytes = 0;
  #lastPeakBytes = 0;
  #aliveShare = 1;

  /**
   * @param heldBytes what the old generation holds now, of `limitBytes`.
   * @param nowMs monotonic time.
   * @returns bytes that the next collection may add.
   */
  update(heldBytes: number, limitBytes: number, young: YoungGeneration, nowMs: number): number {
    this.#noteCollection(heldBytes, limitBytes);
    this.#noteStep(heldBytes, young.semiSpaceBytes, nowMs);
    const againBytes = Math.min(this.#movedBytes, young.semiSpaceBytes);
    const ofYoungBytes = Math.min(1, this.#movedShare) * young.heldBytes;
    const riseBytes = heldBytes - this.#baseBytes;
    return Math.min(Math.max(againBytes, ofYoungBytes), MOST_PER_RISE * riseBytes) * this.#aliveShare;
  }

  /** Between two readings that are far apart lie many collections, and their sum says nothing about the next one. */
  #noteStep(heldBytes: number, semiSpaceBytes: number, nowMs: number): void {
    const isNear = nowMs - this.#lastMs <= STEP_MEMORY_MS;
    const stepBytes = isNear ? Math.max(0, heldBytes - this.#lastHeldBytes) : 0;
    const stepShare = stepBytes / this.#lastSemiSpaceBytes;
    const factor = stepShare < LEAST_STEP ? 1 : ALIVE_PER_STEP;
    if (nowMs - this.#stepMs > STEP_MEMORY_MS) this.#forgetSteps(heldBytes - stepBytes);
    // The memory begins anew with every step like the largest, so a slow ramp is remembered as one.
    if (stepBytes > 0 && 2 * factor * stepBytes >= this.#movedBytes) this.#stepMs = nowMs;
    this.#movedBytes = Math.max(this.#movedBytes, factor * stepBytes);
    this.#movedShare = Math.max(this.#movedShare, factor * stepShare);
    this.#baseBytes = Math.min(this.#baseBytes, heldBytes);
    this.#lastMs = nowMs;
    this.#lastHeldBytes = heldBytes;
    this.#lastSemiSpaceBytes = semiSpaceBytes;
  }

  #forgetSteps(heldBytes: number): void {
    this.#movedBytes = 0;
    this.#movedShare = 0;
    this.#baseBytes = heldBytes;
  }

  #noteCollection(heldBytes: number, limitBytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes, heldBytes);
    if (this.#peakBytes > BEYOND_PEAK * this.#lastPeakBytes) this.#aliveShare = 1;
    const fallenBytes = this.#peakBytes - heldBytes;
    if (fallenBytes < LEAST_FALL * limitBytes) return;
    const addedBytes = this.#peakBytes - this.#troughBytes;
    this.#aliveShare = Math.max(0, 1 - fallenBytes / addedBytes);
    this.#lastPeakBytes = Math.max(this.#peakBytes, PEAK_MEMORY * this.#lastPeakBytes);
    this.#troughBytes = heldBytes;
    this.#peakBytes = heldBytes;
  }
}
