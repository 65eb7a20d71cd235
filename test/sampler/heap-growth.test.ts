import { describe, expect, it, onTestFinished } from 'vitest';
import type { Level } from '#src/core/level.js';
import { createAdaptivePolicy } from '#src/core/policies/adaptive.js';
import { MIB } from '#src/core/units.js';
import { createPage } from '#src/page/page.js';
import { claimThread, publishThreadHeap } from '#src/page/thread-rows.js';
import { type PressureOptions, resolveOptions } from '#src/runtime/options.js';
import { createAssessment } from '#src/sampler/assessment.js';
import { HeapGrowth } from '#src/sampler/heap-growth.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { containerOf, sourcesOf } from '../support/sources.js';
import { CachesUnderTest } from '../support/thread-caches.js';

/** A process of one thread whose heap holds Buffers, in a container of 512 MiB. */
function growthOf() {
  const words = createPage();
  const rows = [claimThread(words, 7, -1).row];
  const { settings } = resolveOptions({}, {});
  const container = { ...createAssessment('container', settings.thresholds, 0.05), known: true, limitBytes: 512 * MIB };
  const heapLimit = { ...createAssessment('heap', settings.thresholds, 0.05), known: true, limitBytes: 64 * MIB };
  const set: number[] = [];
  const growth = new HeapGrowth(words, (percent) => set.push(percent));
  let nowMs = 0;
  return {
    set,
    growth,
    addRow: (threadId: number) => rows.push(claimThread(words, threadId, -1).row),
    sample(heapMib: number, externalMib: number, level: Level = 'warning', elapsedMs = 3000) {
      nowMs += elapsedMs;
      const heapUsedBytes = heapMib * MIB;
      const heap = { publishedUs: 1, oldUsedBytes: heapUsedBytes, oldLimitBytes: 64 * MIB, heapUsedBytes };
      for (const row of rows) publishThreadHeap(words, row, { ...heap, externalBytes: externalMib * MIB });
      growth.adapt({ nowMs, level, resources: [container, heapLimit] }, externalMib * MIB);
    },
  };
}

describe('the growth of heaps', () => {
  it('is set by what the threads show and the limit that they share, not that of a heap', () => {
    const { set, sample } = growthOf();
    sample(16, 200);
    expect(set).toEqual([400]);
  });

  it('goes by what lives in the heap, not by what is dead in it', () => {
    const { set, sample } = growthOf();
    for (const heapMib of [16, 30, 50, 70, 17, 40, 75]) sample(heapMib, 200, 'warning', 200);
    expect(set).toEqual([400]);
  });

  it('stays set while what is wanted is near it', () => {
    const { set, sample } = growthOf();
    for (const heapMib of [16, 18, 20, 14]) sample(heapMib, 200);
    expect(set).toEqual([400]);
    sample(32, 200);
    expect(set).toEqual([400, 200]);
  });

  it('is for V8 to say from critical on, and where the heap grows large', () => {
    const { set, sample, growth } = growthOf();
    sample(16, 200);
    sample(16, 200, 'critical');
    sample(16, 200);
    sample(95, 200);
    sample(16, 200);
    growth.stop();
    expect(set).toEqual([400, 0, 400, 0, 400, 0]);
  });

  it('is not touched in the end where it was not set, but taken back after a sampler that died', () => {
    const { set, growth } = growthOf();
    growth.stop();
    expect(set).toEqual([]);
    growth.resume();
    expect(set).toEqual([0]);
  });

  it('is split among threads, whatever rows one has', () => {
    const { set, sample, addRow } = growthOf();
    addRow(7);
    sample(16, 200);
    addRow(8);
    sample(16, 200);
    expect(set).toEqual([400, 200]);
  });
});

describe('a sampler', () => {
  /** What a sampler of a process with a cache of Buffers sets, and does when it stops. */
  function setBy(options: PressureOptions, execArgv: string[] = []): number[] {
    const thread = new CachesUnderTest();
    onTestFinished(() => thread.close());
    thread.caches.register(new CountedCache(200 * MIB), { name: 'cache' });
    const heap = { publishedUs: 1, oldUsedBytes: 16 * MIB, oldLimitBytes: -1, heapUsedBytes: 16 * MIB };
    publishThreadHeap(thread.words, 0, { ...heap, externalBytes: 200 * MIB });
    const set: number[] = [];
    const sources = sourcesOf({
      sources: [containerOf(512 * MIB, () => 300 * MIB)],
      setHeapGrowth: (percent) => set.push(percent),
    });
    const { settings } = resolveOptions(options, {}, execArgv);
    const sampler = new Sampler(thread.words, settings, sources, createAdaptivePolicy, () => undefined);
    sampler.sample(0, 0, true);
    sampler.stop();
    return set;
  }

  it('sets the growth, and takes it back when it stops', () => {
    expect(setBy({})).toEqual([400, 0]);
  });

  it('leaves it alone where it may not collect, evicts only when asked to, or the user gave it', () => {
    expect(setBy({ collectGarbage: 'never' })).toEqual([]);
    expect(setBy({ autoEviction: false })).toEqual([]);
    expect(setBy({}, ['--heap-growing-percent=50'])).toEqual([]);
  });
});
