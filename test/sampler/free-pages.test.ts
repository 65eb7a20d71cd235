import { describe, expect, it } from 'vitest';
import type { PageReturnInput } from '#src/core/page-return.js';
import { MIB } from '#src/core/units.js';
import { createPage } from '#src/page/page.js';
import { claimThread, publishThreadHeap } from '#src/page/thread-rows.js';
import { FreePages } from '#src/sampler/free-pages.js';

/** A process of 20 MiB beside its heaps, whose allocator lets go of all but `stuckMib` of what it keeps. */
function openProcess({ hasAllocator = true, stuckMib = 0 } = {}) {
  const words = createPage();
  const { row } = claimThread(words, 0, -1);
  let heldMib = 0;
  let keptMib = 0;
  let asked = 0;
  const rssBytes = () => (20 + heldMib + keptMib) * MIB;
  const allocator = {
    giveBack() {
      asked++;
      keptMib = Math.min(keptMib, stuckMib);
    },
  };
  const pages = new FreePages(words, { rssBytes, openAllocator: () => (hasAllocator ? allocator : null) }, () => 0);
  const hold = (mib: number) => {
    heldMib = mib;
    publishThreadHeap(words, row, {
      publishedUs: 1,
      oldUsedBytes: 0,
      oldLimitBytes: -1,
      heapUsedBytes: 0,
      externalBytes: mib * MIB,
    });
  };
  hold(0);
  pages.update(0, rssBytes());
  const giveBack = (input: PageReturnInput, freedBytes = 0) => {
    const cause = pages.findReason(input);
    return cause !== null && pages.giveBack(input.nowMs, cause, input.droppedBytes, freedBytes);
  };
  return {
    pages,
    giveBack,
    hold,
    keep: (mib: number) => {
      keptMib = mib;
    },
    keptMib: () => {
      pages.update(0, rssBytes());
      return pages.keptBytes / MIB;
    },
    expectedMib: (nowMs: number) => {
      pages.beforeSample(nowMs, false);
      return pages.refillBytes / MIB;
    },
    asked: () => asked,
  };
}

const CONTAINER = {
  resource: 'container',
  known: true,
  readUs: 0,
  limitBytes: 500 * MIB,
  thresholds: { warning: 0.7, critical: 0.8, emergency: 0.95 },
  enableDelta: 0.05,
} as const;

/** A sample after a round of 100 MiB, which is collected. */
function afterRound(nowMs: number): PageReturnInput {
  return {
    nowMs,
    watched: null,
    level: 'normal',
    growthBytesPerSecond: 0,
    droppedBytes: 100 * MIB,
    meanBufferBytes: 64 * 1024,
  };
}

describe('the pages that allocators keep', () => {
  it('are what is resident beyond the heaps and the least that ever was', () => {
    const { hold, keep, keptMib } = openProcess();
    hold(30);
    keep(12);
    expect(keptMib()).toBe(12);
  });

  it('are given back once they are worth it, and not again before there is more', () => {
    const { giveBack, keep, asked } = openProcess();
    keep(50);
    expect(giveBack(afterRound(0))).toBe(false);
    keep(51);
    expect(giveBack(afterRound(0))).toBe(true);
    expect(giveBack(afterRound(1000))).toBe(false);
    expect(asked()).toBe(1);
  });

  it('are not asked for where nothing is left to do but to ask in vain', () => {
    const { giveBack, keep, asked } = openProcess({ stuckMib: 60 });
    keep(60);
    expect(giveBack(afterRound(0))).toBe(true);
    expect(giveBack(afterRound(1000))).toBe(false);
    keep(115);
    expect(giveBack(afterRound(2000))).toBe(true);
    expect(asked()).toBe(2);
  });

  it('stay where no allocator can be asked', () => {
    const { pages, giveBack, keep } = openProcess({ hasAllocator: false });
    keep(500);
    expect(giveBack(afterRound(0))).toBe(false);
    expect(pages.spentUs).toBe(0);
  });

  it('are expected to be taken again, but for what a round dropped', () => {
    const { giveBack, keep, expectedMib } = openProcess();
    keep(180);
    giveBack(afterRound(0));
    expect(expectedMib(0)).toBe(80);
    keep(40);
    expect(expectedMib(0)).toBe(40);
    expect(expectedMib(400)).toBe(0);
  });

  it('are asked for once where a round must have left them, though the heaps do not show it yet', () => {
    const { giveBack, hold, asked } = openProcess();
    hold(200);
    expect(giveBack(afterRound(0))).toBe(false);
    expect(giveBack(afterRound(50), 100 * MIB)).toBe(true);
    expect(giveBack(afterRound(100), 100 * MIB)).toBe(false);
    expect(asked()).toBe(1);
  });

  it('of one round are taken for gone once, however often they are given back', () => {
    const { giveBack, keep, expectedMib } = openProcess();
    keep(180);
    giveBack(afterRound(0));
    keep(180);
    giveBack(afterRound(1000));
    expect(expectedMib(1000)).toBe(180);
    giveBack({ ...afterRound(2000), droppedBytes: 0 });
    keep(180);
    giveBack(afterRound(3000));
    expect(expectedMib(3000)).toBe(80);
  });

  it('can go back, or are on their way back to the allocator', () => {
    const { pages, giveBack, keep, keptMib } = openProcess();
    const returnableMib = () => pages.returnableBytes / MIB;
    keep(180);
    expect([keptMib(), returnableMib()], 'the allocator is not open').toEqual([180, 0]);
    giveBack(afterRound(0));
    pages.beforeSample(0, false);
    expect([keptMib(), returnableMib()], 'but for 100 MiB that a round dropped').toEqual([0, 80]);
    keep(30);
    pages.beforeSample(0, false);
    expect([keptMib(), returnableMib()]).toEqual([30, 80]);
    pages.beforeSample(400, false);
    expect([keptMib(), returnableMib()]).toEqual([30, 30]);
    pages.beforeSample(400, true);
    expect(returnableMib()).toBe(0);
  });

  it('are believed to go back as far as they did the last time', () => {
    const { pages, giveBack, keep, keptMib } = openProcess({ stuckMib: 70 });
    const returnableMib = () => pages.returnableBytes / MIB;
    keep(100);
    giveBack(afterRound(0));
    keep(200);
    pages.beforeSample(1000, false);
    expect([keptMib(), returnableMib()]).toEqual([200, 30]);
    pages.update(1000, Number.NaN);
    expect(returnableMib(), 'nothing can be read').toBe(0);
    giveBack(afterRound(1000));
    keep(220);
    pages.beforeSample(2000, false);
    expect([keptMib(), returnableMib()]).toEqual([220, 130]);
  });

  it('are left alone while readings of a test stand in for the real ones', () => {
    const { pages, giveBack, keep } = openProcess();
    keep(180);
    pages.beforeSample(0, true);
    expect(giveBack(afterRound(0))).toBe(false);
    pages.beforeSample(10, false);
    expect(giveBack(afterRound(10))).toBe(true);
  });

  it('are gone where others let go of memory', () => {
    const { giveBack, keep, expectedMib } = openProcess();
    const sample = { level: 'normal', growthBytesPerSecond: 0, droppedBytes: 0, meanBufferBytes: 0 } as const;
    keep(80);
    giveBack({ ...sample, nowMs: 0, level: 'critical', watched: { ...CONTAINER, usedBytes: 420 * MIB } });
    const fallen = { ...sample, watched: { ...CONTAINER, usedBytes: 200 * MIB } };
    expect(giveBack({ ...fallen, nowMs: 10 })).toBe(false);
    expect(giveBack({ ...fallen, nowMs: 60 })).toBe(true);
    expect(expectedMib(60)).toBe(0);
  });
});
