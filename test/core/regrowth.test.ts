import { expect, it } from 'vitest';
import { createRegrowth } from '#src/core/regrowth.js';

it('is looked at every 150 ms for two seconds once there is no pressure any more', () => {
  const regrowth = createRegrowth();
  const dueMs = (nowMs: number, level: 'normal' | 'warning' | 'critical') => {
    regrowth.add(nowMs, level);
    return regrowth.dueMs(nowMs);
  };
  expect(dueMs(0, 'critical')).toBeNull();
  expect(dueMs(100, 'warning')).toBeNull();
  expect(dueMs(200, 'normal')).toBe(350);
  expect([regrowth.isLookDue(348), regrowth.isLookDue(349), regrowth.dueMs(349)]).toEqual([false, true, null]);
  expect(dueMs(350, 'normal')).toBe(500);
  expect(dueMs(2199, 'normal')).toBe(2349);
  expect(dueMs(2200, 'normal')).toBeNull();
  expect(regrowth.isLookDue(2400)).toBe(false);
});

it('is not looked at again and again where usage swings around critical', () => {
  const regrowth = createRegrowth();
  const looks = Array.from({ length: 120 }, (_, count) => {
    const nowMs = 500 * count;
    regrowth.add(nowMs, count % 2 === 0 ? 'critical' : 'normal');
    return regrowth.dueMs(nowMs);
  });
  expect(looks.filter((dueMs) => dueMs !== null).length).toBeLessThanOrEqual(12);
  expect(looks.slice(100).some((dueMs) => dueMs !== null)).toBe(true);
});

it('is not looked at where usage came to warning alone, or has risen again', () => {
  const regrowth = createRegrowth();
  for (const [nowMs, level] of [
    [0, 'normal'],
    [100, 'warning'],
    [200, 'normal'],
    [300, 'critical'],
    [400, 'normal'],
    [500, 'warning'],
  ] as const) {
    regrowth.add(nowMs, level);
    expect(regrowth.dueMs(nowMs), `at ${nowMs} ms`).toBe(nowMs === 400 ? 550 : null);
  }
});
