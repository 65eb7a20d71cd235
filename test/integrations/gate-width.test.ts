import { describe, expect, it } from 'vitest';
import { type GateState, GateWidth } from '#src/integrations/gate-width.js';

/** A state with one resource. */
function stateAt(ratio: number, sampleCount: number): GateState {
  const level = ratio >= 0.95 ? 'emergency' : 'critical';
  const container = { ratio, usedBytes: ratio * 1000, limitBytes: 1000, level, ageMs: 0 } as const;
  return { level, cause: 'container', resources: { container }, sampleCount };
}

/** A width at which tasks ended at `ratios`, with a sample before each. */
function widthAfter(ratios: readonly number[], closedAt = 0.85): number {
  const width = new GateWidth();
  width.close(stateAt(closedAt, 1));
  for (const [index, ratio] of ratios.entries()) width.taskEnded(stateAt(ratio, index + 2));
  return width.tasks;
}

const steady = (count: number, ratio = 0.85) => Array.from({ length: count }, () => ratio);

describe('the width of a closed gate', () => {
  it('is one place at first, and one more whenever two tasks for each place have ended', () => {
    expect([0, 1, 2, 5, 6, 11, 12].map((count) => widthAfter(steady(count)))).toEqual([1, 1, 2, 2, 3, 3, 4]);
  });

  it('widens once for a sample, however many tasks end', () => {
    const width = new GateWidth();
    width.close(stateAt(0.85, 1));
    for (let task = 0; task < 20; task++) width.taskEnded(stateAt(0.85, 1));
    expect(width.tasks).toBe(1);
    for (let task = 0; task < 20; task++) width.taskEnded(stateAt(0.85, 2));
    expect(width.tasks).toBe(2);
  });

  it('is one place again when usage passes its highest, which is then the highest', () => {
    expect(widthAfter([...steady(6), 0.87])).toBe(1);
    expect(widthAfter([...steady(6), 0.87, ...steady(6, 0.87)])).toBe(3);
  });

  it('is not changed by usage that swings below its highest', () => {
    expect(widthAfter([0.84, 0.8, 0.85, 0.82, 0.855, 0.85])).toBe(3);
  });

  it('is one place in an emergency', () => {
    expect(widthAfter([...steady(6), 0.96])).toBe(1);
    expect(widthAfter(steady(20, 0.96), 0.96)).toBe(1);
  });

  it('starts anew whenever the gate closes', () => {
    const width = new GateWidth();
    width.close(stateAt(0.85, 1));
    for (let task = 0; task < 6; task++) width.taskEnded(stateAt(0.85, task + 2));
    width.close(stateAt(0.82, 20));
    expect(width.tasks).toBe(1);
  });
});
