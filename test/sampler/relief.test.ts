import { afterEach, describe, expect, it } from 'vitest';
import type { EvictionReport } from '#src/core/eviction.js';
import { createPolicy } from '#src/core/policies/create.js';
import { publishThreadHeap, storeThreadCounters } from '#src/page/thread-rows.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { sourcesOf } from '../support/sources.js';
import { CachesUnderTest } from '../support/thread-caches.js';

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/**
 * A sampler of a process without a limit, whose resident set is the only measure of relief, and which was 3000 bytes at 1 s.
 * @param heapLimitBytes gives its heap a limit: then that is the measure, and as large.
 */
function watchProcess(heapLimitBytes = 0) {
  let nowMs = 1000;
  let rssBytes = 3000;
  const heap = { oldUsedBytes: 3000, oldLimitBytes: heapLimitBytes, heapUsedBytes: 3000, externalBytes: 0 };
  const thread = new CachesUnderTest({
    engine: {
      heap: { promotableBytes: 0, readInto: (into) => Object.assign(into, heap) },
      findCollect: () => null,
      nowUs: () => nowMs * 1e3,
    },
  });
  open.push(thread);
  thread.caches.register(new CountedCache(1000), { name: 'cache' });
  const settled: EvictionReport[] = [];
  const sources = sourcesOf({ rssBytes: () => rssBytes });
  const { settings } = resolveOptions({ autoEviction: false, collectGarbage: 'never' }, {});
  const sampler = new Sampler(
    thread.words,
    settings,
    sources,
    createPolicy,
    (message) => {
      if (message.type === 'settled') settled.push(message.report);
    },
    () => nowMs * 1e3,
  );
  /** A sample at its own time. @returns ms to the next. */
  const sample = (atMs: number) => {
    nowMs = atMs;
    return sampler.sample(0, 0, false);
  };
  sample(1000);
  return {
    settled,
    sample,
    /** A round that drops 400 bytes and ends at `atMs`. */
    evict(atMs: number) {
      nowMs = atMs;
      void sampler.evict(400, 'emergency');
      thread.caches.payNow();
      sampler.paid();
    },
    /** V8 collects what was evicted, and `leftBytes` stay resident. */
    collect(leftBytes: number) {
      rssBytes = leftBytes;
      const counters = { collections: 0, collectionUs: 0, evictedBytes: 400, uncollectedBytes: 0 };
      storeThreadCounters(thread.words, 0, counters);
    },
    /** The thread shows its heap. */
    show(atMs: number, heapUsedBytes: number) {
      publishThreadHeap(thread.words, 0, {
        ...heap,
        publishedUs: atMs * 1e3,
        oldUsedBytes: heapUsedBytes,
        heapUsedBytes,
      });
    },
  };
}

describe('the relief of a round', () => {
  it('is read afresh 50 ms after its end, though what was read before would do for other samples', () => {
    const { evict, collect, sample, settled } = watchProcess();
    evict(1010);
    collect(2600);
    expect(sample(1030)).toBe(30);
    expect(settled).toEqual([]);
    sample(1060);
    expect(settled).toMatchObject([{ evictedBytes: 400, returnedBytes: 400, verdict: 'met' }]);
  });

  it('is looked for soon after a collection was seen, and not in what was read before it', () => {
    const { evict, collect, sample, settled } = watchProcess();
    evict(1010);
    for (const atMs of [1060, 1110, 1160, 1210]) sample(atMs);
    sample(1400);
    collect(2900);
    expect(sample(1440)).toBe(20);
    for (const atMs of [1460, 1510, 1560, 1610, 1645]) sample(atMs);
    expect(settled, 'at 1645 nothing was read').toEqual([]);
    sample(1660);
    expect(settled).toMatchObject([{ returnedBytes: 100, verdict: 'met' }]);
  });

  it('in a heap waits until its thread has shown it again', () => {
    const { evict, collect, sample, show, settled } = watchProcess(10_000);
    show(1000, 3000);
    sample(1005);
    evict(1010);
    collect(2600);
    for (const atMs of [1060, 1110, 1160, 1210, 1260, 1310]) sample(atMs);
    expect(settled).toEqual([]);
    show(1320, 2600);
    sample(1330);
    expect(settled).toMatchObject([{ returnedBytes: 400, verdict: 'met' }]);
  });

  it('is waited for without hurry while nothing is collected', () => {
    const { evict, sample } = watchProcess();
    const calmMs = sample(1005);
    evict(1010);
    for (const atMs of [1060, 1110, 1160]) expect(sample(atMs)).toBe(50);
    expect(sample(1210)).toBe(calmMs);
  });
});
