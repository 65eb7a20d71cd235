import { beforeEach, describe, expect, it } from 'vitest';
import type { Level } from '#src/core/level.js';
import { loadBell } from '#src/page/bell.js';
import { createPage } from '#src/page/page.js';
import { claimThread, EVERY_SAMPLE, loadToldSample, NO_SAMPLE, storeSampleDistance } from '#src/page/thread-rows.js';
import { SampleBells } from '#src/sampler/sample-bells.js';

describe('the bells for samples', () => {
  let words: Int32Array;
  let rows: number[];
  let ring: (nowMs: number, options?: { asked?: boolean; levels?: (Level | null)[] }) => void;
  let rung: () => number[];

  beforeEach(() => {
    words = createPage();
    rows = [1, 2, 3].map((threadId) => claimThread(words, threadId, -1).row);
    const distancesMs = [NO_SAMPLE, EVERY_SAMPLE, 100];
    for (const [index, row] of rows.entries()) storeSampleDistance(words, row, distancesMs[index] ?? NO_SAMPLE);
    const before = rows.map((row) => loadBell(words, row));
    rung = () => rows.map((row, index) => loadBell(words, row) - (before[index] ?? 0));
    const bells = new SampleBells(words);
    let sampleCount = 0;
    ring = (nowMs, { asked = false, levels = ['normal'] as Level[] } = {}) => {
      const resources = levels.map((level) => ({ known: level !== null, level: level ?? 'normal' }));
      bells.ring({ nowMs, sampleCount: ++sampleCount, resources, asked });
    };
  });

  it('wake each thread as often as it wants', () => {
    for (let nowMs = 1000; nowMs < 1300; nowMs += 10) ring(nowMs);
    expect(rung()).toEqual([0, 30, 4]);
    expect(rows.map((row) => loadToldSample(words, row))).toEqual([0, 30, 28]);
  });

  it('wake for every sample however close they are, and for one that comes a little early', () => {
    for (let sample = 0; sample < 10; sample++) ring(1000 + sample * 0.5);
    expect(rung()).toEqual([0, 10, 1]);
    ring(1099.6);
    expect(rung()).toEqual([0, 11, 2]);
  });

  it('wake all who want samples for one that somebody asked for', () => {
    ring(1000);
    ring(1010, { asked: true });
    ring(1020);
    expect(rung()).toEqual([0, 3, 2]);
  });

  it.each<[string, (Level | null)[]]>([
    ['comes to another level', ['critical', 'normal']],
    ['is read no more', [null, 'normal']],
    ['changes places with another', ['normal', 'warning']],
  ])('wake all where a resource %s, however short', (_, levels) => {
    ring(1000, { levels: ['warning', 'normal'] });
    ring(1010, { levels });
    ring(1020, { levels: ['warning', 'normal'] });
    ring(1030, { levels: ['warning', 'normal'] });
    expect(rung()).toEqual([0, 4, 3]);
  });
});
