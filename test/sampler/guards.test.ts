import { beforeEach, describe, expect, it } from 'vitest';
import { MIB } from '#src/core/units.js';
import { loadGuard, loadPeakGuard, loadTightGuard } from '#src/page/guard.js';
import { createPage } from '#src/page/page.js';
import { createAssessment } from '#src/sampler/assessment.js';
import { Guards } from '#src/sampler/guards.js';

const THRESHOLDS = { warning: 0.7, critical: 0.8, emergency: 0.95 };

describe('how much a thread may add between two samples', () => {
  const words = createPage();
  let guards: Guards;

  beforeEach(() => {
    guards = new Guards(words);
  });

  function sampled(nowMs: number, usedMib: number, threads = 1, isOn = true): { last: number; peak: number } {
    const assessment = createAssessment('container', THRESHOLDS, 0.05);
    assessment.known = true;
    assessment.limitBytes = 1000 * MIB;
    assessment.usedBytes = usedMib * MIB;
    guards.publish(nowMs, [assessment], threads, isOn);
    return { last: loadGuard(words) / MIB, peak: loadPeakGuard(words) / MIB };
  }

  it('is what is left up to emergency, from now and from the highest use of two seconds', () => {
    expect(sampled(1000, 800)).toEqual({ last: 150, peak: 150 });
    expect(sampled(1100, 700)).toEqual({ last: 250, peak: 150 });
    expect(sampled(4000, 700)).toEqual({ last: 250, peak: 250 });
  });

  it('is tight while that peak is closer to emergency than to critical', () => {
    sampled(1000, 870);
    expect(loadTightGuard(words)).toBe(0);
    sampled(1100, 880);
    expect(loadTightGuard(words) / MIB).toBe(70);
    sampled(1200, 700);
    expect(loadTightGuard(words) / MIB).toBe(70);
    sampled(4000, 700);
    expect(loadTightGuard(words)).toBe(0);
  });

  it('is tight by the resource that is close to emergency, not by one with less room that is not', () => {
    const [close, small] = (['container', 'process'] as const).map((resource) =>
      Object.assign(createAssessment(resource, THRESHOLDS, 0.05), { known: true }),
    );
    Object.assign(close ?? {}, { limitBytes: 1000 * MIB, usedBytes: 880 * MIB });
    Object.assign(small ?? {}, { limitBytes: 100 * MIB, usedBytes: 80 * MIB });
    guards.publish(1000, close && small ? [close, small] : [], 1, true);
    expect([loadPeakGuard(words) / MIB, loadTightGuard(words) / MIB]).toEqual([15, 70]);
  });

  it('is half of what is left where emergency is closer than that', () => {
    expect(sampled(1000, 960)).toEqual({ last: 20, peak: 20 });
  });

  it('is at least 8 MiB from now, and less from the peak', () => {
    expect(sampled(1000, 998)).toEqual({ last: 8, peak: 1 });
  });

  it('is divided among several threads, up to critical, and nothing is said of a peak', () => {
    expect(sampled(1000, 600, 2)).toEqual({ last: 100, peak: 0 });
  });

  it('is everything where nothing is evicted by itself', () => {
    expect(sampled(1000, 800, 1, false)).toEqual({ last: Number.POSITIVE_INFINITY, peak: 0 });
  });
});
