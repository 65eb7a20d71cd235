import { describe, expect, it } from 'vitest';
import { Collector } from '#src/caches/collection.js';
import type { Engine } from '#src/caches/engine.js';
import { ThreadCaches } from '#src/caches/thread-caches.js';
import { storeGuards } from '#src/page/guard.js';
import { emptyThreadControl, writeControl } from '#src/page/orders.js';
import { bumpEpoch, createPage } from '#src/page/page.js';
import { claimThread, emptyThreadHeap, readThreadHeap } from '#src/page/thread-rows.js';

/** An engine whose clock stands still unless it collects, which frees what is dead. */
function fakeEngine(heldBytes: number, deadBytes: number): Engine & { nowMs: number } {
  const state = { nowMs: 10, heldBytes, deadBytes };
  return Object.assign(state, {
    nowUs: () => state.nowMs * 1e3,
    findCollect: () => () => {
      state.nowMs += 4;
      state.heldBytes -= state.deadBytes;
      state.deadBytes = 0;
      return true;
    },
    heap: {
      promotableBytes: 0,
      readInto: (heap: { oldUsedBytes: number; externalBytes: number }) => {
        heap.oldUsedBytes = state.heldBytes;
        heap.externalBytes = 0;
      },
    },
  });
}

/** The only thread of a page of its own. */
function threadOn(engine: Engine) {
  const words = createPage();
  const claim = claimThread(words, 0, -1);
  const caches = new ThreadCaches(words, claim, {
    enabled: true,
    collectGarbage: 'auto',
    respectCacheLimits: true,
    engine,
    onSizeFault: () => undefined,
    onCacheFailed: () => undefined,
  });
  return { words, claim, caches };
}

/** An engine with a heap of 100 MiB at the most. */
function engineHolding(usedMib: number) {
  const state = { usedMib, asked: 0 };
  return Object.assign(state, {
    nowUs: () => 10e3,
    findCollect: () => () => {
      state.asked++;
      return true;
    },
    heap: {
      promotableBytes: 0,
      readInto: (heap: { oldUsedBytes: number; oldLimitBytes: number }) => {
        heap.oldUsedBytes = state.usedMib * 2 ** 20;
        heap.oldLimitBytes = 100 * 2 ** 20;
      },
    },
  });
}

describe('the collector', () => {
  it('asks for nothing that would leave a heap so full that V8 takes it for lost', () => {
    const engine = engineHolding(79);
    const collector = new Collector('auto', engine);
    expect(collector.collect()).toBe(false);
    collector.noteEvicted(2 * 2 ** 20);
    expect(collector.collect(), 'of 79 % two are dead').toBe(true);
    expect(collector.collect(), 'nothing is known to be dead any more').toBe(false);
    engine.usedMib = 77;
    expect(collector.collect()).toBe(true);
    expect([engine.asked, collector.count]).toEqual([2, 2]);
  });

  it('keeps the share of wall time that collections may take', () => {
    const engine = fakeEngine(100, 0);
    const collector = new Collector('auto', engine);
    expect(collector.isDue(0.05)).toBe(true);
    collector.collect();
    engine.nowMs += 4 * 19 - 1;
    expect(collector.isDue(0.05), '4 ms of 79').toBe(false);
    engine.nowMs += 1;
    expect(collector.isDue(0.05), '4 ms of 80').toBe(true);
  });

  it('does not count a collection that was not possible, and does not ask for the next at once', () => {
    const engine = fakeEngine(100, 40);
    const failing = Object.assign(engine, {
      findCollect: () => () => {
        engine.nowMs += 4;
        return false;
      },
    });
    const collector = new Collector('auto', failing);
    collector.noteEvicted(40);
    expect(collector.collect()).toBe(false);
    expect(collector).toMatchObject({ count: 0, totalUs: 0, uncollectedBytes: 40 });
    expect(collector.isDue(0.05)).toBe(false);
  });

  it('counts what it collected and how long that took', () => {
    const collector = new Collector('auto', fakeEngine(100, 40));
    collector.noteEvicted(40);
    expect(collector.uncollectedBytes).toBe(40);
    expect(collector.collect()).toBe(true);
    expect(collector).toMatchObject({ count: 1, totalUs: 4000, uncollectedBytes: 0 });
  });

  it('believes no more dead than the heap can hold', () => {
    const collector = new Collector('auto', fakeEngine(100, 0));
    collector.noteEvicted(40);
    collector.noteDead(25);
    collector.noteDead(30);
    expect(collector.uncollectedBytes).toBe(25);
  });

  it('paces only what comes slowly enough for collections to keep up with it', () => {
    const engine = fakeEngine(100, 0);
    const collector = new Collector('auto', engine);
    collector.collect();
    collector.noteEvicted(40);
    engine.nowMs += 4 * 19;
    expect(collector.keepsPace(0.05), '4 ms for what came in 76').toBe(true);
    collector.noteDead(30);
    expect(collector.keepsPace(0.05), 'an estimate that wavers').toBe(true);
    collector.noteDead(10);
    expect(collector.keepsPace(0.05), 'V8 has just collected: what is dead came in no time').toBe(false);
    engine.nowMs += 4 * 19;
    expect(collector.keepsPace(0.05)).toBe(true);
  });

  it('never asks where it may not', () => {
    const collector = new Collector('never', fakeEngine(100, 0));
    expect(collector.isDue(1)).toBe(false);
    expect(collector.collect()).toBe(false);
    expect(collector.count).toBe(0);
  });
});

describe('a thread that collected', () => {
  it('publishes its heap as it is afterwards, however short ago it published it before', () => {
    const engine = fakeEngine(100, 60);
    const { words, claim, caches } = threadOn(engine);
    const heap = emptyThreadHeap();
    readThreadHeap(words, claim.row, heap);
    expect(heap.oldUsedBytes).toBe(100);
    writeControl(words, claim.row, { ...emptyThreadControl(), paceBytes: 0 }, []);
    bumpEpoch(words);
    caches.register(new Map(), { name: 'any' });
    readThreadHeap(words, claim.row, heap);
    expect(heap).toMatchObject({ oldUsedBytes: 40, publishedUs: 14_000 });
    caches.close();
  });
});

describe('collections that are paced', () => {
  /** How many of two come, 20 ms apart and 4 ms long, where so much is left up to emergency and 50 bytes are the pace. */
  function collectionsWith(peakGuardBytes: number | null, isTight = true): number {
    const engine = fakeEngine(0, 0);
    const { words, claim, caches } = threadOn(engine);
    const cache = new Map<number, string>();
    caches.register(cache, { name: 'any', sizeOf: () => 100 });
    storeGuards(words, 1e9, peakGuardBytes, isTight ? peakGuardBytes : null);
    writeControl(words, claim.row, { ...emptyThreadControl(), capBytes: 0, paceBytes: 50 }, []);
    caches.payNow();
    const startMs = engine.nowMs;
    for (let key = 0; key < 2; key++) {
      cache.set(key, 'evicted at once');
      Object.assign(engine, { heldBytes: 100, deadBytes: 100, nowMs: engine.nowMs + 20 });
      bumpEpoch(words);
      caches.payNow();
    }
    caches.close();
    return (engine.nowMs - startMs - 40) / 4;
  }

  it('take a small share of the time, and more of it only where emergency is less than two paces away, and close', () => {
    expect(collectionsWith(null)).toBe(1);
    expect(collectionsWith(100)).toBe(1);
    expect(collectionsWith(99)).toBe(2);
    expect(collectionsWith(99, false)).toBe(1);
  });
});
