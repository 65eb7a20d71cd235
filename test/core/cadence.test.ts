import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cadence, type CadenceOptions, createCadence } from '#src/core/cadence.js';
import { classify, DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { createForecast } from '#src/core/forecast.js';
import type { Level } from '#src/core/level.js';
import { GIB, MIB } from '#src/core/units.js';

const SEED = 20_26;
const NOT_URGENT = Number.POSITIVE_INFINITY;
const OPTIONS: CadenceOptions = { minIntervalMs: 10, updateIntervalMs: 5_000, maxSamplerCpu: 0.01 };

interface Look {
  readonly level?: Level;
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly growthBytesPerSecond?: number;
  readonly stallSome?: number | null;
}

/** The delay of a fresh cadence after one sample of one resource that cost nothing. */
function delayMs({ level, usedBytes, limitBytes, growthBytesPerSecond, stallSome }: Look, options = OPTIONS): number {
  const cadence = createCadence(options);
  const growth = growthBytesPerSecond ?? 0;
  const wantedMs = cadence.resourceDelayMs(
    level ?? 'normal',
    usedBytes,
    limitBytes,
    DEFAULT_THRESHOLDS,
    growth,
    1,
    false,
  );
  return cadence.nextDelayMs(wantedMs, NOT_URGENT, NOT_URGENT, 0, 0, stallSome ?? null);
}

/** Samples a ramp that begins at `startMs`; @returns how long after entering each level the sample that saw it came. */
function latenessMs(cadence: Cadence, bytesPerMs: number, startMs: number, limitBytes: number): Map<Level, number> {
  const forecast = createForecast();
  const baseBytes = 0.2 * limitBytes;
  const lateness = new Map<Level, number>();
  let level: Level = 'normal';
  let nowMs = 0;
  while (level !== 'emergency') {
    const usedBytes = baseBytes + Math.max(0, nowMs - startMs) * bytesPerMs;
    const seen = classify(level, usedBytes / limitBytes, DEFAULT_THRESHOLDS, DEFAULT_ENABLE_DELTA);
    if (seen !== level && seen !== 'normal') {
      level = seen;
      lateness.set(level, (usedBytes - DEFAULT_THRESHOLDS[seen] * limitBytes) / bytesPerMs);
    }
    forecast.add(nowMs, usedBytes, limitBytes, DEFAULT_THRESHOLDS.warning * limitBytes);
    const growth = forecast.growthBytesPerSecond;
    const wantedMs = cadence.resourceDelayMs(level, usedBytes, limitBytes, DEFAULT_THRESHOLDS, growth, 1, false);
    nowMs += cadence.nextDelayMs(wantedMs, NOT_URGENT, NOT_URGENT, nowMs, nowMs * 1e-4, null);
  }
  return lateness;
}

describe('cadence', () => {
  it('is calm where nothing can be read and where the limit is far', () => {
    expect(createCadence(OPTIONS).nextDelayMs(Number.POSITIVE_INFINITY, NOT_URGENT, NOT_URGENT, 0, 0, null)).toBe(
      5_000,
    );
    expect(delayMs({ usedBytes: GIB, limitBytes: 64 * GIB })).toBe(5_000);
  });

  it('sees critical and emergency at most the shortest interval late, however suddenly the ramp begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1_000 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.constantFrom(128 * MIB, 512 * MIB, 4 * GIB, 16 * GIB),
        (mbPerSecond, startMs, limitBytes) => {
          const lateness = latenessMs(createCadence(OPTIONS), mbPerSecond * 1e3, startMs, limitBytes);
          expect(lateness.get('critical') ?? 0).toBeLessThanOrEqual(10.001);
          expect(lateness.get('emergency') ?? 0).toBeLessThanOrEqual(10.001);
          expect(lateness.get('warning') ?? 0).toBeLessThanOrEqual(50.001);
        },
      ),
      { seed: SEED },
    );
  });

  it('stays within its bounds and is never more patient with more in use, more growth or more stall', () => {
    const share = fc.double({ min: 0, max: 1.2, noNaN: true });
    fc.assert(
      fc.property(
        share,
        share,
        fc.integer({ min: 0, max: 4e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b, growth, stall) => {
          const less = { usedBytes: Math.min(a, b) * GIB, limitBytes: GIB };
          const more = { usedBytes: Math.max(a, b) * GIB, limitBytes: GIB };
          for (const delay of [delayMs(less), delayMs(more)]) {
            expect(delay).toBeGreaterThanOrEqual(10);
            expect(delay).toBeLessThanOrEqual(5_000);
          }
          expect(delayMs(more)).toBeLessThanOrEqual(delayMs(less));
          expect(delayMs({ ...less, growthBytesPerSecond: growth })).toBeLessThanOrEqual(delayMs(less));
          expect(delayMs({ ...less, stallSome: stall })).toBeLessThanOrEqual(delayMs(less));
        },
      ),
      { seed: SEED },
    );
  });

  it('is cheap just below the first threshold', () => {
    expect(delayMs({ usedBytes: 0.699 * 512 * MIB, limitBytes: 512 * MIB })).toBeGreaterThanOrEqual(50);
  });

  it('is at its shortest just below critical and at the limit', () => {
    const limitBytes = 512 * MIB;
    expect(delayMs({ level: 'warning', usedBytes: 0.7999 * limitBytes, limitBytes })).toBeLessThan(11);
    expect(delayMs({ level: 'emergency', usedBytes: 1.1 * limitBytes, limitBytes })).toBe(10);
  });

  it('watches for relief while a level holds, even where the next threshold is far', () => {
    const limitBytes = 1024 * GIB;
    expect(delayMs({ level: 'warning', usedBytes: 0.7 * limitBytes, limitBytes })).toBe(1_000);
    expect(delayMs({ level: 'critical', usedBytes: 0.8 * limitBytes, limitBytes })).toBe(250);
    expect(delayMs({ level: 'emergency', usedBytes: 0.95 * limitBytes, limitBytes })).toBe(100);
  });

  it('looks again at once from warning on where usage rises suddenly', () => {
    const { resourceDelayMs } = createCadence(OPTIONS);
    const delayOf = (level: Level, ratio: number, risesSuddenly: boolean) =>
      resourceDelayMs(level, ratio * GIB, GIB, DEFAULT_THRESHOLDS, 0, 1, risesSuddenly);
    expect(delayOf('critical', 0.82, false)).toBeGreaterThan(5 * OPTIONS.minIntervalMs);
    expect(delayOf('critical', 0.82, true)).toBe(OPTIONS.minIntervalMs);
    expect(delayOf('warning', 0.72, false)).toBeGreaterThan(5 * OPTIONS.minIntervalMs);
    expect(delayOf('warning', 0.72, true)).toBe(OPTIONS.minIntervalMs);
    expect(delayOf('normal', 0.6, true), 'as long as it takes to warning').toBeGreaterThan(5 * OPTIONS.minIntervalMs);
  });

  it('sees warning as soon as the others where usage rises suddenly below it', () => {
    const { resourceDelayMs } = createCadence(OPTIONS);
    const delayOf = (risesSuddenly: boolean) =>
      resourceDelayMs('normal', 0.65 * GIB, GIB, DEFAULT_THRESHOLDS, 0, 1, risesSuddenly);
    expect(delayOf(false) - delayOf(true)).toBeCloseTo(50 - OPTIONS.minIntervalMs, 6);
  });

  it('outruns a growth that is faster than plausible once it was seen', () => {
    const look = { usedBytes: 0, limitBytes: 4 * GIB };
    expect(delayMs({ ...look, growthBytesPerSecond: 4e9 })).toBeLessThan(delayMs(look) / 4);
  });

  it('reckons with all threads that own caches, up to four, beginning to grow at once', () => {
    const { resourceDelayMs } = createCadence(OPTIONS);
    const delayOf = (threads: number, growth = 0) =>
      resourceDelayMs('normal', 0, 1e9, { warning: 0.7, critical: 0.8, emergency: 0.95 }, growth, threads, false);
    expect([1, 2, 4, 8].map((threads) => delayOf(threads))).toEqual([750, 400, 210, 210]);
    expect(delayOf(1, 1e9)).toBe(delayOf(2));
  });

  it('does not lose sight of a ramp where a sample costs too much: half of the way is never passed unseen', () => {
    const cadence = createCadence(OPTIONS);
    const limitBytes = 200 * MIB;
    const bytesPerMs = 0.1 * MIB;
    const levels: Level[] = ['normal', 'warning', 'critical'];
    let level: Level = 'normal';
    let nowMs = 0;
    let cpuMs = 0;
    for (let usedBytes = 30 * MIB; usedBytes < limitBytes; usedBytes = 30 * MIB + nowMs * bytesPerMs) {
      const seen = classify(level, usedBytes / limitBytes, DEFAULT_THRESHOLDS, DEFAULT_ENABLE_DELTA);
      if (seen !== level) expect(levels.shift()).toBe(level);
      level = seen;
      const arguments_ = [level, usedBytes, limitBytes, DEFAULT_THRESHOLDS, bytesPerMs * 1e3] as const;
      const wantedMs = cadence.resourceDelayMs(...arguments_, 1, false);
      nowMs += cadence.nextDelayMs(wantedMs, cadence.urgentDelayMs(...arguments_), NOT_URGENT, nowMs, cpuMs, null);
      cpuMs += 20;
    }
    expect(level).toBe('emergency');
  });

  it('is urgent from warning on also while nothing grows', () => {
    const cadence = createCadence(OPTIONS);
    const urgentMs = (level: Level, ratio: number, limitBytes: number, growthBytesPerSecond = 0) =>
      cadence.urgentDelayMs(level, ratio * limitBytes, limitBytes, DEFAULT_THRESHOLDS, growthBytesPerSecond);
    expect(urgentMs('normal', 0.65, GIB)).toBe(Number.POSITIVE_INFINITY);
    expect(urgentMs('warning', 0.75, GIB)).toBe(500);
    expect(urgentMs('critical', 0.8, 16 * GIB)).toBe(200);
    expect(urgentMs('critical', 0.8, 16 * GIB, 1e6), 'slow growth').toBe(200);
    expect(urgentMs('critical', 0.85, 500e6), '50 MB of it, at 1 GB/s').toBeCloseTo(60);
    expect(urgentMs('critical', 0.85, 500e6, 1e9)).toBeCloseTo(25);
    expect(urgentMs('emergency', 0.96, 500e6), '20 MB to the limit').toBeCloseTo(30);
    expect(urgentMs('emergency', 1, 500e6)).toBe(OPTIONS.minIntervalMs);
  });

  it('looks once a minute however dear a sample is', () => {
    const cadence = createCadence({ ...OPTIONS, maxSamplerCpu: 1e-6 });
    const delaysMs = Array.from({ length: 200 }, (_, sample) =>
      cadence.nextDelayMs(10, NOT_URGENT, NOT_URGENT, sample * 5_000, sample * 1e3, null),
    );
    expect(Math.max(...delaysMs)).toBe(60_000);
  });

  it('stretches beyond every bound rather than use more CPU than it may', () => {
    const cadence = createCadence(OPTIONS);
    let nowMs = 0;
    let cpuMs = 0;
    let countedMs = 0;
    for (let sample = 0; sample < 400; sample++) {
      nowMs += cadence.nextDelayMs(10, NOT_URGENT, NOT_URGENT, nowMs, cpuMs, 1);
      cpuMs += 100;
      if (sample >= 100) countedMs += 100;
    }
    expect(countedMs / nowMs).toBeLessThanOrEqual(0.0105);
  });
});
