import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { WatchedResource } from '#src/core/eviction-policy.js';
import { createPageReturn, type PageReturnInput } from '#src/core/page-return.js';
import { MIB } from '#src/core/units.js';

const LIMIT = 1000 * MIB;

function watched(ratio: number): WatchedResource {
  return {
    resource: 'container',
    known: true,
    readUs: 0,
    usedBytes: ratio * LIMIT,
    limitBytes: LIMIT,
    thresholds: DEFAULT_THRESHOLDS,
    enableDelta: 0.05,
  };
}

const QUIET: PageReturnInput = {
  nowMs: 0,
  watched: watched(0.5),
  level: 'normal',
  growthBytesPerSecond: 0,
  droppedBytes: 0,
};

describe('what an allocator keeps', () => {
  it('stays where it is without a reason', () => {
    const pages = createPageReturn();
    expect(pages.next(QUIET)).toBeNull();
    expect(pages.next({ ...QUIET, level: 'warning', watched: watched(0.79), growthBytesPerSecond: LIMIT })).toBeNull();
    expect(pages.next({ ...QUIET, level: 'critical', watched: watched(0.85) })).toBeNull();
  });

  it('goes back after a round, for half of what that dropped, but a share of the limit at the most and 4 MiB at the least', () => {
    const pages = createPageReturn();
    const afterRound = (droppedBytes: number) => pages.next({ ...QUIET, droppedBytes });
    expect(afterRound(30 * MIB)).toEqual({ reason: 'round', worthBytes: 15 * MIB });
    expect(afterRound(400 * MIB)).toEqual({ reason: 'round', worthBytes: 20 * MIB });
    expect(afterRound(MIB)).toEqual({ reason: 'round', worthBytes: 4 * MIB });
  });

  it('goes back after a round where nothing has a limit', () => {
    const pages = createPageReturn();
    expect(pages.next({ ...QUIET, watched: null, droppedBytes: 100 * MIB })).toEqual({
      reason: 'round',
      worthBytes: 50 * MIB,
    });
    expect(pages.next({ ...QUIET, watched: null })).toBeNull();
  });

  it('goes back where usage is about to reach emergency, or has', () => {
    const pages = createPageReturn();
    const danger = { reason: 'danger', worthBytes: 20 * MIB };
    expect(pages.next({ ...QUIET, level: 'emergency', watched: watched(0.96) })).toEqual(danger);
    expect(
      pages.next({ ...QUIET, level: 'critical', watched: watched(0.9), growthBytesPerSecond: 0.6 * LIMIT }),
    ).toEqual(danger);
    expect(
      pages.next({ ...QUIET, level: 'critical', watched: watched(0.9), growthBytesPerSecond: 0.4 * LIMIT }),
    ).toBeNull();
  });

  it('goes back once when others let go of memory after there was pressure, if nothing presses', () => {
    const pages = createPageReturn();
    pages.next({ ...QUIET, level: 'critical', watched: watched(0.8) });
    const fallen = { ...QUIET, nowMs: 100, watched: watched(0.55) };
    expect(pages.next({ ...fallen, level: 'warning' })).toBeNull();
    expect(pages.next(fallen)).toEqual({ reason: 'fall', worthBytes: 50 * MIB });
    pages.did(100, 10);
    expect(pages.next({ ...fallen, nowMs: 900 })).toBeNull();
  });

  it('stays where usage swings by itself, and where the peak or the pressure is long ago', () => {
    const pages = createPageReturn();
    pages.next({ ...QUIET, watched: watched(0.69) });
    expect(pages.next({ ...QUIET, nowMs: 100, watched: watched(0.55) })).toBeNull();
    pages.next({ ...QUIET, nowMs: 1000, level: 'critical', watched: watched(0.8) });
    expect(pages.next({ ...QUIET, nowMs: 2500, watched: watched(0.55) })).toBeNull();
    pages.next({ ...QUIET, nowMs: 62_000, watched: watched(0.69) });
    expect(pages.next({ ...QUIET, nowMs: 62_100, watched: watched(0.55) })).toBeNull();
  });

  it('takes a fifth of the time at most', () => {
    const pages = createPageReturn();
    const round = { ...QUIET, droppedBytes: 100 * MIB };
    pages.did(1000, 10);
    expect(pages.next({ ...round, nowMs: 1049 })).toBeNull();
    expect(pages.next({ ...round, nowMs: 1050 })).not.toBeNull();
  });
});
