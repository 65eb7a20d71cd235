import { expect, it } from 'vitest';
import { MIB } from '#src/core/units.js';
import { UnownedGrowthWatch } from '#src/core/unowned-growth.js';

function after(minutes: number, bytesAt: (second: number) => number) {
  const watch = new UnownedGrowthWatch();
  for (let second = 0; second < minutes * 60; second += 5) watch.observe(second * 1000, bytesAt(second));
  return watch.observe(minutes * 60_000, bytesAt(minutes * 60));
}

it('counts the minutes of a steady leak under a saw-tooth of garbage', () => {
  const { risingMinutes, risenBytes } = after(15, (second) => (100 + second * 0.05 + (second % 30)) * MIB);
  expect(risingMinutes).toBe(14);
  expect(risenBytes / MIB).toBeCloseTo(14 * 3, 0);
});

it('sees no leak in a saw-tooth alone', () => {
  expect(after(15, (second) => (100 + (second % 45) * 4) * MIB).risingMinutes).toBe(0);
});

it('starts anew after a minute without a rise', () => {
  expect(after(20, (second) => (second < 600 ? 100 + second * 0.05 : 130) * MIB).risingMinutes).toBe(0);
});
