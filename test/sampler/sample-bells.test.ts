import { beforeEach, describe, expect, it } from 'vitest';
import type { Level } from '#src/core/level.js';
import { loadBell } from '#src/page/bell.js';
import { createPage } from '#src/page/page.js';
import {
  claimThread,
  loadWatchedSample,
  releaseThread,
  storeWantsSamples,
  storeWatchDistance,
} from '#src/page/thread-rows.js';
import { SampleBells } from '#src/sampler/sample-bells.js';

describe('the bells for samples', () => {
  let words: Int32Array;
  let ring: (nowMs: number, options?: { asked?: boolean; levels?: (Level | null)[] }) => void;
  /** What rang since the start: for one that wants none, one that wants all, one that watches some, and one that does both. */
  let rung: () => number[];
  /** The count of the last sample that each was to watch. */
  let watched: () => number[];

  beforeEach(() => {
    words = createPage();
    const rows = [1, 2, 3, 4].map((threadId) => claimThread(words, threadId, -1).row);
    const [, all = -1, some = -1, both = -1] = rows;
    for (const row of [all, both]) storeWantsSamples(words, row, true);
    for (const row of [some, both]) storeWatchDistance(words, row, 100);
    const before = rows.map((row) => loadBell(words, row));
    rung = () => rows.map((row, index) => loadBell(words, row) - (before[index] ?? 0));
    watched = () => rows.map((row) => loadWatchedSample(words, row));
    const bells = new SampleBells(words);
    let sampleCount = 0;
    ring = (nowMs, { asked = false, levels = ['normal'] as Level[] } = {}) => {
      const resources = levels.map((level) => ({ known: level !== null, level: level ?? 'normal' }));
      bells.ring({ nowMs, sampleCount: ++sampleCount, resources, asked });
    };
  });

  it('wake each thread as often as it wants, and tell which sample is to be watched', () => {
    for (let nowMs = 1000; nowMs < 1300; nowMs += 10) ring(nowMs);
    expect(rung()).toEqual([0, 30, 4, 30]);
    expect(watched()).toEqual([0, 0, 28, 28]);
  });

  it('wake for every sample however close they are, and for one that comes a little early', () => {
    for (let sample = 0; sample < 10; sample++) ring(1000 + sample * 0.5);
    expect(rung()).toEqual([0, 10, 1, 10]);
    ring(1099.6);
    expect(rung()).toEqual([0, 11, 2, 11]);
    expect(watched()).toEqual([0, 0, 11, 11]);
  });

  it('have one watched that somebody asked for', () => {
    ring(1000);
    ring(1010, { asked: true });
    ring(1020);
    expect(rung()).toEqual([0, 3, 2, 3]);
    expect(watched()).toEqual([0, 0, 2, 2]);
  });

  it.each<[string, (Level | null)[]]>([
    ['comes to another level', ['critical', 'normal']],
    ['is read no more', [null, 'normal']],
    ['changes places with another', ['normal', 'warning']],
  ])('have one watched where a resource %s, however short', (_, levels) => {
    ring(1000, { levels: ['warning', 'normal'] });
    ring(1010, { levels });
    ring(1020, { levels: ['warning', 'normal'] });
    ring(1030, { levels: ['warning', 'normal'] });
    expect(rung()).toEqual([0, 4, 3, 4]);
    expect(watched()).toEqual([0, 0, 3, 3]);
  });

  it('leave the next owner of a row alone', () => {
    const claim = claimThread(words, 5, -1);
    storeWatchDistance(words, claim.row, 100);
    releaseThread(words, claim);
    const { row } = claimThread(words, 6, -1);
    expect(row).toBe(claim.row);
    const before = loadBell(words, row);
    ring(1000);
    expect(loadBell(words, row)).toBe(before);
  });
});
