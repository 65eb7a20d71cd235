import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS, releaseRatio } from '#src/core/classifier.js';
import { LEVELS, type Level, levelCode } from '#src/core/level.js';

const next = (current: Level, ratio: number) => classify(current, ratio, DEFAULT_THRESHOLDS, DEFAULT_ENABLE_DELTA);

/** The levels that a sequence of ratios leads through, starting from normal. */
function levelsOf(...ratios: number[]): Level[] {
  let level: Level = 'normal';
  return ratios.map((ratio) => {
    level = next(level, ratio);
    return level;
  });
}

function transitionsOf(...ratios: number[]): number {
  const levels = ['normal', ...levelsOf(...ratios)];
  return levels.filter((level, index) => index > 0 && level !== levels[index - 1]).length;
}

describe('classify', () => {
  it.each<[number, Level]>([
    [0, 'normal'],
    [0.6999, 'normal'],
    [0.7, 'warning'],
    [0.7999, 'warning'],
    [0.8, 'critical'],
    [0.9499, 'critical'],
    [0.95, 'emergency'],
    [1, 'emergency'],
    [1.2, 'emergency'],
  ])('enters from normal at %f: %s', (ratio, level) => {
    expect(next('normal', ratio)).toBe(level);
  });

  it.each<[Level, number, Level]>([
    ['warning', 0.65, 'warning'],
    ['warning', 0.65 - 1e-9, 'normal'],
    ['critical', 0.75, 'critical'],
    ['critical', 0.75 - 1e-9, 'warning'],
    ['emergency', 0.9, 'emergency'],
    ['emergency', 0.9 - 1e-9, 'critical'],
  ])('keeps %s down to its release point: at %f it is %s', (current, ratio, level) => {
    expect(next(current, ratio)).toBe(level);
  });

  it('makes one transition of a ratio that flaps around a threshold', () => {
    expect(transitionsOf(0.71, 0.69, 0.71, 0.69, 0.71, 0.69)).toBe(1);
  });

  it('jumps over levels in both directions', () => {
    expect(levelsOf(0.5, 0.97, 0.5)).toEqual(['normal', 'emergency', 'normal']);
  });

  it('falls from emergency level by level, each kept to its own release point', () => {
    expect(levelsOf(0.96, 0.89, 0.76, 0.74, 0.64)).toEqual(['emergency', 'critical', 'critical', 'warning', 'normal']);
  });

  it('keeps a lower level by its release point when a higher one is left', () => {
    // 0.76 would not enter critical from below, but it is above critical's release point, and so is where emergency falls to.
    expect(next('emergency', 0.76)).toBe('critical');
    expect(next('warning', 0.76)).toBe('warning');
  });

  it('without a release distance follows the thresholds exactly', () => {
    expect(classify('warning', 0.6999, DEFAULT_THRESHOLDS, 0)).toBe('normal');
    expect(classify('warning', 0.7, DEFAULT_THRESHOLDS, 0)).toBe('warning');
  });

  it('follows the rule of the contract for any thresholds', () => {
    const thresholds = fc
      .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 3, maxLength: 3 })
      .map((parts) => parts.sort((a, b) => a - b).map((part) => part / 1000))
      .map(([warning = 0, critical = 0, emergency = 0]) => ({ warning, critical, emergency }));
    const level = fc.constantFrom(...LEVELS);
    const ratio = fc.integer({ min: 0, max: 1500 }).map((part) => part / 1000);
    const delta = fc.integer({ min: 0, max: 200 }).map((part) => part / 1000);
    fc.assert(
      fc.property(thresholds, level, ratio, delta, (enter, current, measured, enableDelta) => {
        const holds = (candidate: 'warning' | 'critical' | 'emergency') =>
          levelCode(candidate) > levelCode(current)
            ? measured >= enter[candidate]
            : measured >= releaseRatio(enter[candidate], enableDelta);
        const highest = (['emergency', 'critical', 'warning'] as const).find(holds) ?? 'normal';
        expect(classify(current, measured, enter, enableDelta)).toBe(highest);
      }),
    );
  });

  it('settles: the same ratio again changes nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LEVELS), fc.double({ min: 0, max: 1.5, noNaN: true }), (current, ratio) => {
        const once = next(current, ratio);
        expect(next(once, ratio)).toBe(once);
      }),
    );
  });
});

describe('releaseRatio', () => {
  it('is a clean decimal where binary fractions are not', () => {
    expect(0.7 - 0.05).not.toBe(0.65);
    expect(releaseRatio(0.7, 0.05)).toBe(0.65);
    expect(releaseRatio(0.8, 0.05)).toBe(0.75);
    expect(releaseRatio(0.95, 0.05)).toBe(0.9);
  });
});
