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
  meanBufferBytes: 0,
};

const LARGE = { ...QUIET, level: 'critical', meanBufferBytes: 64 * 1024 } as const;

describe('what an allocator keeps', () => {
  it('stays where it is without a reason', () => {
    const pages = createPageReturn();
    expect(pages.next(QUIET)).toBeNull();
    expect(pages.next({ ...QUIET, level: 'warning', watched: watched(0.79), growthBytesPerSecond: LIMIT })).toBeNull();
    expect(pages.next({ ...QUIET, nowMs: 10_000, level: 'critical', watched: watched(0.85) })).toBeNull();
  });

  it('goes back after a round, for half of what that dropped, if that is 4 MiB, but a share of the limit at the most', () => {
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

  it('goes back at critical where entries are large Buffers, for a twentieth of the limit, and takes a thousandth of the time there', () => {
    const pages = createPageReturn();
    const critical = (nowMs: number) => pages.next({ ...LARGE, nowMs, watched: watched(0.8) });
    expect(critical(0)).toEqual({ reason: 'critical', worthBytes: 50 * MIB });
    expect(pages.next({ ...LARGE, watched: watched(0.8), meanBufferBytes: 4096 })).toBeNull();
    pages.did(0, 5);
    expect(critical(4999)).toBeNull();
    expect(critical(5000)).toEqual({ reason: 'critical', worthBytes: 50 * MIB });
  });

  it('goes back at critical for 64 MiB of a larger limit', () => {
    const machine = { ...watched(0.85), limitBytes: 64 * LIMIT, usedBytes: 0.85 * 64 * LIMIT };
    const cause = createPageReturn().next({ ...LARGE, watched: machine });
    expect(cause).toEqual({ reason: 'critical', worthBytes: 64 * MIB });
  });

  it('takes the more of the time at critical the closer emergency is, up to a fifth', () => {
    const restMs = (ratio: number, tookMs = 10) => {
      const pages = createPageReturn();
      pages.did(0, tookMs);
      for (let nowMs = 1; ; nowMs++) {
        if (pages.next({ ...LARGE, nowMs, watched: watched(ratio) }) !== null) return nowMs;
      }
    };
    expect(restMs(0.8)).toBe(10_000);
    expect(restMs(0.875, 200), 'five seconds at the most').toBe(5000);
    expect(restMs(0.875)).toBe(643); // halfway: pauses are the root of 4 times 999
    expect(restMs(0.9499)).toBe(50);
    expect(restMs(0.8, 100), 'ten seconds at the most').toBe(10_000);
  });

  it('goes back once, 50 ms after others let go of memory that there was pressure for', () => {
    const pages = createPageReturn();
    pages.next({ ...QUIET, level: 'critical', watched: watched(0.8) });
    const fallen = { ...QUIET, watched: watched(0.55) };
    expect(pages.next({ ...fallen, nowMs: 100 })).toBeNull();
    expect(pages.hasFallen).toBe(true);
    expect(pages.next({ ...fallen, nowMs: 149 })).toBeNull();
    expect(pages.hasFallen).toBe(false);
    expect(pages.next({ ...fallen, nowMs: 150, level: 'warning' })).toBeNull();
    expect(pages.next({ ...fallen, nowMs: 150 })).toEqual({ reason: 'fall', worthBytes: 50 * MIB });
    pages.did(150, 1);
    expect(pages.next({ ...fallen, nowMs: 300 })).toBeNull();
  });

  it('is not given back long after the fall', () => {
    const pages = createPageReturn();
    pages.next({ ...QUIET, level: 'critical', watched: watched(0.8) });
    const fallen = { ...QUIET, watched: watched(0.55) };
    pages.next({ ...fallen, nowMs: 100 });
    expect(pages.next({ ...fallen, nowMs: 401 })).toBeNull();
  });

  it.each([
    ['usage swings by itself', { level: 'warning', ratio: 0.72, lowMs: 100, limitBytes: LIMIT }],
    ['the pressure was a minute ago', { level: 'critical', ratio: 0.8, lowMs: 62_000, limitBytes: LIMIT }],
    ['the limit is another one', { level: 'critical', ratio: 0.8, lowMs: 100, limitBytes: LIMIT / 2 }],
  ] as const)('has not fallen where %s', (_, { level, ratio, lowMs, limitBytes }) => {
    const pages = createPageReturn();
    pages.next({ ...QUIET, level, watched: watched(ratio) });
    pages.next({ ...QUIET, nowMs: lowMs - 50, level: level === 'warning' ? level : 'normal', watched: watched(0.69) });
    pages.next({ ...QUIET, nowMs: lowMs, watched: { ...watched(0.4), limitBytes } });
    expect(pages.hasFallen).toBe(false);
  });

  it('takes a fifth of the time at most', () => {
    const pages = createPageReturn();
    const round = { ...QUIET, droppedBytes: 100 * MIB };
    pages.did(1000, 10);
    expect(pages.next({ ...round, nowMs: 1049 })).toBeNull();
    expect(pages.next({ ...round, nowMs: 1050 })).not.toBeNull();
  });

  it('goes back at critical when usage leaps, before the growth is known', () => {
    const pages = createPageReturn();
    const critical = (nowMs: number, ratio: number) =>
      pages.next({ ...QUIET, nowMs, level: 'critical', watched: watched(ratio) });
    expect(critical(0, 0.82)).toBeNull();
    expect(critical(20, 0.9)).toMatchObject({ reason: 'danger' });
    expect(critical(30, 0.9)).toBeNull();
  });

  it('goes back again after a pause as long as it took where the limit is near, and after four of them elsewhere', () => {
    const pages = createPageReturn();
    const near = (nowMs: number) => pages.next({ ...QUIET, nowMs, level: 'emergency', watched: watched(0.96) });
    const round = (nowMs: number) => pages.next({ ...QUIET, nowMs, droppedBytes: 100 * MIB });
    pages.did(1000, 20);
    expect(near(1039)).toBeNull();
    expect(near(1040)).toMatchObject({ reason: 'danger' });
    expect(round(1099)).toBeNull();
    expect(round(1100)).toMatchObject({ reason: 'round' });
  });
});
