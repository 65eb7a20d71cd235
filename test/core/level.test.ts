import { describe, expect, it } from 'vitest';
import { isAtLeast, isLevel, LEVELS, levelCode, levelFromCode, worstLevel } from '#src/core/level.js';

describe('levels', () => {
  it('have the wire codes 0 to 3, from harmless to deadly', () => {
    expect(LEVELS.map(levelCode)).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map(levelFromCode)).toEqual(['normal', 'warning', 'critical', 'emergency']);
  });

  it.each([-1, 4, 1.5, Number.NaN])('refuses the code %s', (code) => {
    expect(() => levelFromCode(code)).toThrow(RangeError);
  });

  it('compares by severity', () => {
    for (const [index, level] of LEVELS.entries()) {
      for (const [floorIndex, floor] of LEVELS.entries()) {
        expect(isAtLeast(level, floor)).toBe(index >= floorIndex);
        expect(worstLevel(level, floor)).toBe(LEVELS[Math.max(index, floorIndex)]);
      }
    }
  });

  it('tells a level from anything else', () => {
    expect(LEVELS.every(isLevel)).toBe(true);
    expect(['panic', 'NORMAL', '', 'toString', 0, null, undefined, {}].some(isLevel)).toBe(false);
  });
});
