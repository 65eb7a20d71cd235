import { createRecentPeak, type RecentPeak } from '../core/recent-peak.js';
import type { Resource } from '../core/resource.js';
import { MIB } from '../core/units.js';
import { PEAK_MEMORY_MS, storeGuards } from '../page/guard.js';
import type { Assessment } from './assessment.js';

/** Below this a thread would collect for every few entries that it puts. */
const LEAST_GUARD_BYTES = 8 * MIB;

/**
 * Says how much each thread may add before it must help itself: its part of what is left up to `emergency`, or of half of what is left beyond.
 * With several threads up to `critical`, or of a third: each can be far into its part at once, and what is dead in each counts until its own V8
 * collects. Source: bench/threads.
 *
 * The same is said from the highest use of late: a heap that is collected again and again holds little after one collection and much before the
 * next, and where the allocator keeps the pages use is the same all the time. Runs where the sampler runs.
 */
export class Guards {
  readonly #words: Int32Array;
  readonly #peaks = new Map<Resource, RecentPeak>();

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** To be called with every sample, before its state is published. @param isOn false: no thread helps itself. */
  publish(nowMs: number, assessments: readonly Assessment[], threads: number, isOn: boolean): void {
    let bytes = Number.POSITIVE_INFINITY;
    let fromPeakBytes = Number.POSITIVE_INFINITY;
    let tightBytes: number | null = null;
    for (const assessment of assessments) {
      if (!assessment.known || assessment.resource === 'heap') continue; // V8 looks after its own heap between two samples
      const peak = this.#peakOf(assessment.resource);
      peak.add(nowMs, assessment.usedBytes);
      bytes = Math.min(bytes, roomOf(assessment, assessment.usedBytes, threads));
      const peakBytes = peak.value(nowMs);
      const leftBytes = roomOf(assessment, peakBytes, threads);
      fromPeakBytes = Math.min(fromPeakBytes, leftBytes);
      if (isCloserToEmergency(assessment, peakBytes)) tightBytes = Math.min(tightBytes ?? leftBytes, leftBytes);
    }
    if (!isOn) bytes = Number.POSITIVE_INFINITY;
    // the peaks of several threads never came together, so nothing is known of what use would be then
    const isPeakOfOne = isOn && threads === 1;
    const guardBytes = Math.max(LEAST_GUARD_BYTES, bytes / threads);
    storeGuards(this.#words, guardBytes, isPeakOfOne ? fromPeakBytes : null, isPeakOfOne ? tightBytes : null);
  }

  #peakOf(resource: Resource): RecentPeak {
    const peak = this.#peaks.get(resource) ?? createRecentPeak(PEAK_MEMORY_MS);
    this.#peaks.set(resource, peak);
    return peak;
  }
}

function roomOf({ thresholds, limitBytes }: Assessment, usedBytes: number, threads: number): number {
  const boundBytes = (threads === 1 ? thresholds.emergency : thresholds.critical) * limitBytes;
  const beyondBytes = (limitBytes - usedBytes) / (threads === 1 ? 2 : 3);
  return Math.max(boundBytes - usedBytes, beyondBytes);
}

function isCloserToEmergency({ thresholds, limitBytes }: Assessment, usedBytes: number): boolean {
  return 2 * usedBytes > (thresholds.critical + thresholds.emergency) * limitBytes;
}
