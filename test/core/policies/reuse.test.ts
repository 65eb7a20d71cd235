import { describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { WatchedResource } from '#src/core/eviction-policy.js';
import { createResourceTrack } from '#src/core/policies/resource-track.js';
import { createReuse, type Reuse } from '#src/core/policies/reuse.js';
import { MIB } from '#src/core/units.js';

const CONTAINER: WatchedResource = {
  resource: 'container',
  known: true,
  readUs: 0,
  usedBytes: 880 * MIB,
  limitBytes: 1000 * MIB,
  thresholds: DEFAULT_THRESHOLDS,
  enableDelta: DEFAULT_ENABLE_DELTA,
};

/** What empty caches may take of 140 MiB that are kept. Bytes. */
function step(reuse: Reuse, nowMs: number): number {
  return reuse.stepBytes(nowMs, 0, CONTAINER, createResourceTrack(), 140 * MIB);
}

/** Tries at once and fails 10 ms later, again and again. @returns the pauses, ms. */
function pauses(reuse: Reuse, fromMs: number, count: number): number[] {
  let nowMs = fromMs;
  return Array.from({ length: count }, () => {
    expect(step(reuse, nowMs)).toBeGreaterThan(0);
    const failedMs = nowMs + 10;
    reuse.blame(failedMs, MIB);
    for (nowMs = failedMs; step(reuse, nowMs) === 0; ) nowMs += 100;
    return nowMs - failedMs;
  });
}

describe('growth into pages that are kept', () => {
  it('waits four times as long after each failure, up to ten minutes', () => {
    expect(pauses(createReuse(), 1000, 7)).toEqual([2000, 8000, 32_000, 128_000, 512_000, 600_000, 600_000]);
  });

  it('begins anew where the last failure is more than ten of its pauses ago', () => {
    const reuse = createReuse();
    pauses(reuse, 1000, 2);
    expect(pauses(reuse, 1e6, 2)).toEqual([2000, 8000]);
  });

  it('fails once, however many bites follow, and not by a bite that usage did not ask for', () => {
    const reuse = createReuse();
    step(reuse, 1000);
    for (let bite = 1; bite <= 5; bite++) reuse.blame(1000 + 50 * bite, MIB);
    expect(step(reuse, 3049)).toBe(0);
    expect(step(reuse, 3050)).toBeGreaterThan(0);
    reuse.blame(3060, -MIB);
    expect(step(reuse, 3070)).toBeGreaterThan(0);
  });
});
