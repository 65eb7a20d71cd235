import { afterEach, describe, expect, it } from 'vitest';
import type { EvictionPolicy, PolicyInput } from '#src/core/eviction-policy.js';
import { MIB } from '#src/core/units.js';
import { storeCacheEntries } from '#src/page/cache-rows.js';
import { COLLECT, emptyThreadControl, readControl } from '#src/page/orders.js';
import { publishThreadHeap, storeThreadCounters } from '#src/page/thread-rows.js';
import type { PressureOptions } from '#src/runtime/options.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { containerOf, sourcesOf } from '../support/sources.js';
import { CachesUnderTest, stillEngine } from '../support/thread-caches.js';

const LIMIT_MIB = 1000;
const RISEN_MS = 91_000;

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/** A container of 1000 MiB and the process in it, all of whose memory but 20 MiB is its allocator's, and a cache of 200 MiB. */
function watchContainer(options: PressureOptions = {}) {
  let nowMs = 1000;
  let usedMib = 20;
  let asked = 0;
  const seen: PolicyInput[] = [];
  const { settings } = resolveOptions({ collectGarbage: 'never', ...options }, {});
  const thread = new CachesUnderTest({
    collectGarbage: settings.collectGarbage,
    engine: stillEngine(() => nowMs * 1e3),
  });
  open.push(thread);
  thread.caches.register(new CountedCache(200 * MIB), { name: 'cache' });
  const policy: EvictionPolicy = {
    name: 'witness',
    decide(input) {
      seen.push(input);
      return { evictBytes: 0, collect: 'never', capBytes: null, paceBytes: null, reason: '' };
    },
  };
  const sources = sourcesOf({
    sources: [containerOf(LIMIT_MIB * MIB, () => usedMib * MIB)],
    rssBytes: () => usedMib * MIB,
    openAllocator: () => ({
      giveBack() {
        asked++;
        usedMib = 20;
      },
    }),
  });
  const sampler = new Sampler(
    thread.words,
    settings,
    sources,
    () => policy,
    () => undefined,
    () => nowMs * 1e3,
  );
  const sample = (atMs: number, mib: number) => {
    nowMs = atMs;
    usedMib = mib;
    return sampler.sample(0, 0, true);
  };
  sample(1000, 20);
  return {
    sample,
    /** Slowly comes to use so much, and stays there until `RISEN_MS`. */
    rise(mib: number) {
      for (let second = 1; second <= 90; second++) sample(1000 + 1000 * second, mib * Math.min(1, second / 60));
    },
    asked: () => asked,
    /** The cache holds 100 Buffers. */
    ofBuffers() {
      storeCacheEntries(thread.words, 0, 100);
      const externalBytes = 200 * MIB;
      publishThreadHeap(thread.words, 0, {
        publishedUs: 1,
        oldUsedBytes: 0,
        oldLimitBytes: -1,
        heapUsedBytes: 0,
        externalBytes,
      });
    },
    /** What the thread was told last. */
    lastOrder() {
      const control = emptyThreadControl();
      readControl(thread.words, 0, control);
      return { order: control.order, collect: control.collect };
    },
    returnableMib: () => (seen.at(-1)?.returnableBytes ?? 0) / MIB,
    seenMib: () => (seen.at(-1)?.binding?.usedBytes ?? 0) / MIB,
    growthMibPerSecond: () => (seen.at(-1)?.growthBytesPerSecond ?? 0) / MIB,
    /** A round whose thread does not come to it. */
    begin(atMs: number) {
      nowMs = atMs;
      void sampler.evict(100 * MIB, 'emergency');
    },
    evict(atMs: number) {
      nowMs = atMs;
      void sampler.evict(100 * MIB, 'emergency');
      thread.caches.payNow();
      sampler.paid();
    },
    /** The thread collected all but so much. */
    collect(leftMib = 0) {
      storeThreadCounters(thread.words, 0, {
        collections: 1,
        collectionUs: 0,
        evictedBytes: 100 * MIB,
        uncollectedBytes: leftMib * MIB,
      });
    },
  };
}

describe('pages that are kept free', () => {
  it('are given back when what a round dropped is collected, and usage is read again at once', () => {
    const { sample, evict, collect, asked } = watchContainer();
    sample(1010, 400);
    evict(1020);
    sample(1070, 400);
    expect(asked()).toBe(0);
    collect();
    expect(sample(1120, 400)).toBe(10);
    expect(asked()).toBe(1);
  });

  it('are given back when emergency is near', () => {
    const { sample, rise, asked } = watchContainer();
    rise(900);
    expect(asked()).toBe(0);
    sample(RISEN_MS + 10, 960);
    expect(asked()).toBe(1);
  });

  it('are given back at critical, and the policy is told of those that can be', () => {
    const { sample, rise, asked, returnableMib, ofBuffers } = watchContainer();
    rise(799);
    expect(returnableMib()).toBeGreaterThan(770);
    sample(RISEN_MS + 10, 810);
    expect(asked(), 'nobody knows how large the entries are').toBe(0);
    ofBuffers();
    sample(RISEN_MS + 20, 810);
    expect(asked()).toBe(1);
    sample(RISEN_MS + 30, 20);
    expect(returnableMib(), 'it is expected to come again').toBeGreaterThan(700);
  });

  it('count as used for the policy until they stayed away, and their return is no growth', () => {
    const { sample, rise, asked, seenMib, growthMibPerSecond } = watchContainer();
    rise(940);
    sample(RISEN_MS + 10, 960);
    expect(asked()).toBe(1);
    sample(RISEN_MS + 20, 500);
    expect(seenMib()).toBeGreaterThan(900);
    sample(RISEN_MS + 30, 700);
    sample(RISEN_MS + 40, 950);
    expect(seenMib()).toBeCloseTo(960, -1);
    expect(Math.abs(growthMibPerSecond())).toBeLessThan(500); // 22 500 by the readings alone
    sample(RISEN_MS + 500, 500);
    expect(seenMib()).toBe(500);
  });

  it('stay where they are without automatic eviction, but for what evict() dropped', () => {
    const { sample, rise, evict, collect, asked } = watchContainer({ autoEviction: false });
    rise(960);
    expect(asked()).toBe(0);
    evict(RISEN_MS + 10);
    collect();
    sample(RISEN_MS + 60, 960);
    expect(asked()).toBe(1);
  });

  it('are given back after a collection when others let go of memory that the caches had to make room for', () => {
    const { sample, rise, evict, asked, lastOrder } = watchContainer({ collectGarbage: 'auto' });
    rise(690);
    sample(RISEN_MS + 10, 500);
    expect(asked(), 'nothing pressed').toBe(0);
    sample(RISEN_MS + 2000, 850);
    evict(RISEN_MS + 2010);
    sample(RISEN_MS + 2020, 850);
    const { order } = lastOrder();
    sample(RISEN_MS + 2030, 400);
    expect(lastOrder()).toEqual({ order: order + 1, collect: COLLECT.ifDue });
    expect(asked()).toBe(0);
    sample(RISEN_MS + 2080, 400);
    expect(asked()).toBe(1);
  });

  it('do not keep a round from its end that is under way when others let go of memory', () => {
    const { sample, rise, begin, collect, lastOrder } = watchContainer({ collectGarbage: 'auto' });
    rise(850);
    begin(RISEN_MS + 10);
    collect(50);
    const before = lastOrder();
    sample(RISEN_MS + 20, 400);
    expect(lastOrder()).toEqual(before);
  });
});
