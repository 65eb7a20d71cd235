import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createForecast, type Forecast } from '#src/core/forecast.js';
import { GIB, MIB } from '#src/core/units.js';

const LIMIT = 512 * MIB;
const QUIET_BELOW = 0.7 * LIMIT;
const SEED = 20_26;

interface Point {
  readonly atMs: number;
  readonly usedBytes: number;
}

function feed(forecast: Forecast, points: readonly Point[], limitBytes = LIMIT): void {
  for (const { atMs, usedBytes } of points) forecast.add(atMs, usedBytes, limitBytes, 0.7 * limitBytes);
}

/** Points at the given gaps, with usage as a function of the time since the first. */
function trace(gapsMs: readonly number[], usedBytes: (ms: number) => number, startMs = 0): Point[] {
  const points: Point[] = [];
  let atMs = startMs;
  for (const gapMs of gapsMs) {
    points.push({ atMs, usedBytes: usedBytes(atMs - startMs) });
    atMs += gapMs;
  }
  return points;
}

const every = (gapMs: number, count: number): number[] => Array.from({ length: count }, () => gapMs);

/** Deterministic noise in [-1, 1). */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

describe('forecast', () => {
  it('knows nothing before the second reading', () => {
    const forecast = createForecast();
    expect(forecast.growthBytesPerSecond).toBe(0);
    expect(forecast.secondsToLimit).toBeNull();
    forecast.add(0, 100 * MIB, LIMIT, QUIET_BELOW);
    expect(forecast.growthBytesPerSecond).toBe(0);
    expect(forecast.secondsToLimit).toBeNull();
  });

  it('reads the slope of a steady ramp and the time it leaves, at any spacing of the samples', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.integer({ min: 10, max: 5000 }), { minLength: 3, maxLength: 100 }),
        (mbPerSecond, gapsMs) => {
          const limitBytes = 4096 * GIB;
          const forecast = createForecast();
          const points = trace(gapsMs, (ms) => 100 * MIB + mbPerSecond * 1e3 * ms);
          feed(forecast, points, limitBytes);
          expect(forecast.growthBytesPerSecond / (mbPerSecond * 1e6)).toBeCloseTo(1, 6);
          const seconds = (limitBytes - (points.at(-1)?.usedBytes ?? 0)) / (mbPerSecond * 1e6);
          if (seconds <= 86_400) expect(forecast.secondsToLimit).toBeCloseTo(seconds, 3);
          else expect(forecast.secondsToLimit).toBeNull();
        },
      ),
      { seed: SEED },
    );
  });

  it.each([10, 100, 500, 1000])(
    'sees a ramp of %i MB/s out of a calm at the second sample inside it',
    (mbPerSecond) => {
      const forecast = createForecast();
      const calm = trace(every(250, 40), () => 100 * MIB);
      feed(forecast, calm);
      expect(forecast.secondsToLimit).toBeNull();
      const rampMs = 40 * 250 - 250;
      const at = (ms: number): Point => ({ atMs: rampMs + ms, usedBytes: 100 * MIB + mbPerSecond * 1e3 * ms });
      feed(forecast, [at(100), at(200)]);
      expect(forecast.growthBytesPerSecond).toBeGreaterThan(0);
      expect(forecast.secondsToLimit).not.toBeNull();
      feed(forecast, [at(300), at(400)]);
      expect(forecast.growthBytesPerSecond / (mbPerSecond * 1e6)).toBeCloseTo(1, 1);
    },
  );

  it.each([
    { periodMs: 400, gapMs: 50 },
    { periodMs: 2_000, gapMs: 50 },
    { periodMs: 5_000, gapMs: 110 },
    { periodMs: 20_000, gapMs: 250 },
  ])('does not read a sawtooth of $periodMs ms as a ramp once it fell', ({ periodMs, gapMs }) => {
    const forecast = createForecast();
    const noise = createNoise(7);
    let amplitude = 150 * MIB;
    let tooth = 0;
    let growing = 0;
    const points = trace(every(gapMs, Math.ceil(120_000 / gapMs)), (ms) => {
      if (Math.floor(ms / periodMs) !== tooth) {
        tooth = Math.floor(ms / periodMs);
        amplitude = 150 * MIB * (1 + 0.08 * noise());
      }
      return 100 * MIB + (amplitude * (ms % periodMs)) / periodMs;
    });
    const riseBytesPerSecond = (150 * MIB * 1e3) / periodMs;
    for (const point of points) {
      feed(forecast, [point]);
      if (point.atMs > periodMs && forecast.growthBytesPerSecond > 0.1 * riseBytesPerSecond) growing++;
    }
    expect(growing).toBe(0);
  });

  it('sees a ramp that leaves the sawtooth behind', () => {
    const forecast = createForecast();
    const saw = (ms: number): number => 100 * MIB + 50 * MIB * ((ms % 2_000) / 2_000);
    feed(forecast, trace(every(100, 300), saw));
    expect(forecast.growthBytesPerSecond).toBeLessThan(5e6);
    feed(
      forecast,
      trace(every(100, 12), (ms) => 100 * MIB + 1e5 * ms, 30_000),
    );
    expect(forecast.growthBytesPerSecond / 1e8).toBeCloseTo(1, 1);
  });

  it.each([
    { what: 'two minutes', startMs: 150_000, limitBytes: LIMIT },
    { what: 'a change of the limit', startMs: 20_000, limitBytes: LIMIT - MIB },
  ])('no longer holds an old sawtooth against a ramp after $what', ({ startMs, limitBytes }) => {
    const forecast = createForecast();
    feed(
      forecast,
      trace(every(100, 200), (ms) => 100 * MIB + 200 * MIB * ((ms % 2_000) / 2_000)),
    );
    feed(
      forecast,
      trace(every(1_000, (startMs - 20_000) / 1_000), () => 100 * MIB, 20_000),
    );
    feed(
      forecast,
      trace(every(100, 6), (ms) => 100 * MIB + 1e5 * ms, startMs),
      limitBytes,
    );
    expect(forecast.growthBytesPerSecond / 1e8).toBeCloseTo(1, 6);
  });

  it('takes every rise at its word above the first threshold', () => {
    const forecast = createForecast();
    const saw = (ms: number): number => 400 * MIB + 50 * MIB * ((ms % 2_000) / 2_000);
    feed(forecast, trace(every(100, 316), saw));
    expect(forecast.growthBytesPerSecond).toBeGreaterThan(20e6);
  });

  it('finds the leak under a sawtooth', () => {
    const forecast = createForecast();
    feed(
      forecast,
      trace(every(100, 680), (ms) => 100 * MIB + 1e3 * ms + 50 * MIB * ((ms % 2_000) / 2_000)),
    );
    expect(forecast.growthBytesPerSecond / 1e6).toBeCloseTo(1, 1);
  });

  it('finds a leak below the noise in the long window', () => {
    const forecast = createForecast();
    const noise = createNoise(3);
    feed(
      forecast,
      trace(every(100, 700), (ms) => 100 * MIB + 1e3 * ms + 3 * MIB * noise()),
    );
    expect(forecast.growthBytesPerSecond).toBeGreaterThan(0.3e6);
    expect(forecast.growthBytesPerSecond).toBeLessThan(2e6);
  });

  it('is not moved by a single wild reading', () => {
    const calm = createForecast();
    const growing = createForecast();
    const spike = (points: Point[]): Point[] =>
      points.with(-3, { atMs: points.at(-3)?.atMs ?? 0, usedBytes: 500 * MIB });
    feed(calm, spike(trace(every(100, 20), () => 100 * MIB)));
    feed(growing, spike(trace(every(100, 20), (ms) => 400 * MIB + 1e4 * ms)));
    expect(calm.growthBytesPerSecond).toBe(0);
    expect(growing.growthBytesPerSecond / 1e7).toBeCloseTo(1, 1);
  });

  it('is negative while memory is being freed, and then nothing is approached', () => {
    const forecast = createForecast();
    feed(
      forecast,
      trace(every(100, 10), (ms) => 400 * MIB - 1e5 * ms),
    );
    expect(forecast.growthBytesPerSecond / -1e8).toBeCloseTo(1, 6);
    expect(forecast.secondsToLimit).toBeNull();
  });

  it('has no time left at and above the limit', () => {
    const forecast = createForecast();
    feed(
      forecast,
      trace(every(100, 8), (ms) => LIMIT + 1e3 * ms),
    );
    expect(forecast.secondsToLimit).toBe(0);
  });

  it('forgets what was before a gap of minutes', () => {
    const forecast = createForecast();
    const ramp = trace(every(100, 10), (ms) => 100 * MIB + 1e5 * ms);
    feed(forecast, ramp);
    forecast.add(1_000 + 180_000, 400 * MIB, LIMIT, QUIET_BELOW);
    expect(forecast.growthBytesPerSecond).toBe(0);
    expect(forecast.secondsToLimit).toBeNull();
    forecast.add(1_000 + 180_100, 400 * MIB, LIMIT, QUIET_BELOW);
    expect(forecast.growthBytesPerSecond).toBe(0);
  });

  it('forgets what was under another limit', () => {
    const forecast = createForecast();
    feed(
      forecast,
      trace(every(100, 10), (ms) => 100 * MIB + 1e5 * ms),
    );
    forecast.add(1_000, 300 * MIB, 2 * LIMIT, QUIET_BELOW);
    expect(forecast.growthBytesPerSecond).toBe(0);
  });

  it('ignores a reading that is not later than the one before', () => {
    const twice = createForecast();
    feed(twice, [
      { atMs: 0, usedBytes: 100 * MIB },
      { atMs: 0, usedBytes: 200 * MIB },
    ]);
    expect(twice.growthBytesPerSecond).toBe(0);
    const forecast = createForecast();
    const ramp = trace(every(100, 10), (ms) => 100 * MIB + 1e5 * ms);
    feed(forecast, ramp);
    const before = forecast.growthBytesPerSecond;
    forecast.add(900, 10 * GIB, LIMIT, QUIET_BELOW);
    forecast.add(100, 10 * GIB, LIMIT, QUIET_BELOW);
    expect(forecast.growthBytesPerSecond).toBe(before);
  });

  it('is finite whatever it is fed', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gapMs: fc.double({ min: 0.001, max: 200_000, noNaN: true }),
            usedBytes: fc.integer({ min: 0, max: 64 * GIB }),
            limitBytes: fc.constantFrom(MIB, LIMIT, 16 * GIB),
          }),
          { maxLength: 200 },
        ),
        (steps) => {
          const forecast = createForecast();
          let atMs = 0;
          for (const { gapMs, usedBytes, limitBytes } of steps) {
            atMs += gapMs;
            forecast.add(atMs, usedBytes, limitBytes, 0.7 * limitBytes);
            expect(Number.isFinite(forecast.growthBytesPerSecond)).toBe(true);
            const seconds = forecast.secondsToLimit;
            if (seconds !== null) {
              expect(seconds).toBeGreaterThanOrEqual(0);
              expect(forecast.growthBytesPerSecond).toBeGreaterThan(0);
            }
          }
        },
      ),
      { seed: SEED },
    );
  });
});
