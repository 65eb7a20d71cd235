import { describe, expect, it } from 'vitest';
import { type CacheReading, CacheTotals } from '#src/core/cache-totals.js';
import { judgeWorth } from '#src/core/cache-worth.js';
import { MIB } from '#src/core/units.js';

const reading = (id: string, name: string, counters: Partial<CacheReading>): CacheReading => ({
  id,
  name,
  bytes: 0,
  entries: 0,
  hits: 0,
  misses: 0,
  puts: 0,
  pressureEvictions: 0,
  ownEvictions: 0,
  regrets: 0,
  rebuildUs: -1,
  ...counters,
});

describe('CacheTotals', () => {
  it('adds up caches of one name over threads', () => {
    const totals = new CacheTotals();
    totals.observe(0, [
      reading('1', 'frame', { bytes: 10, entries: 1, hits: 3, misses: 1 }),
      reading('2', 'frame', { bytes: 5, entries: 2, hits: 1, misses: 3 }),
    ]);
    const { caches, total } = totals.statistics(0);
    expect(caches).toMatchObject([{ name: 'frame', bytes: 15, entries: 3, hits: 4, misses: 4, hitRate: 0.5 }]);
    expect(total).toMatchObject({ bytes: 15, hits: 4, misses: 4 });
  });

  it('never lets a counter fall when a thread goes or its row is given to another', () => {
    const totals = new CacheTotals();
    totals.observe(0, [reading('1', 'frame', { bytes: 10, hits: 100 })]);
    totals.observe(1000, []);
    expect(totals.statistics(1000).caches).toMatchObject([{ bytes: 0, hits: 100 }]);
    totals.observe(2000, [reading('2', 'frame', { bytes: 1, hits: 7 })]);
    expect(totals.statistics(2000).caches).toMatchObject([{ bytes: 1, hits: 107 }]);
  });

  it('keeps windows of 5 and 60 minutes apart', () => {
    const totals = new CacheTotals();
    totals.observe(0, [reading('1', 'frame', {})]);
    totals.observe(1000, [reading('1', 'frame', { hits: 80, misses: 20 })]);
    const later = 10 * 60_000;
    totals.observe(later, [reading('1', 'frame', { hits: 80, misses: 120, regrets: 50 })]);
    const [cache] = totals.statistics(later).caches;
    expect(cache?.last5m).toEqual({ hits: 0, misses: 100, regrets: 50, hitRate: 0, regretShare: 0.5 });
    expect(cache?.last60m).toMatchObject({ hits: 80, misses: 120 });
    expect(cache?.hitRate).toBe(0.4);
  });

  it('forgets names that are gone when there are too many', () => {
    const totals = new CacheTotals();
    for (let index = 0; index < 2000; index++) totals.observe(index, [reading(`${index}`, `cache-${index}`, {})]);
    expect(totals.statistics(2000).caches.length).toBeLessThanOrEqual(513);
  });

  it('counts what hits spared where the cost of rebuilding is known', () => {
    const totals = new CacheTotals();
    totals.observe(0, [reading('1', 'frame', { rebuildUs: 2500 }), reading('2', 'other', {})]);
    totals.observe(1, [reading('1', 'frame', { rebuildUs: 2500, hits: 200 }), reading('2', 'other', { hits: 5 })]);
    const { caches, total } = totals.statistics(1);
    expect(caches.map((cache) => cache.sparedMs)).toEqual([500, null]);
    expect(total.sparedMs).toBe(500);
  });
});

describe('judgeWorth', () => {
  const cache = { bytes: 100 * MIB, hits: 800, misses: 200, regrets: 0, rebuildCostMs: null };
  const total = { bytes: 200 * MIB, hits: 1000 };

  it.each([
    ['too-early', { hits: 9, misses: 90 }, '99 reads'],
    ['useless', { hits: 1, misses: 999 }, '1 of 1000 reads'],
    ['too-small', { regrets: 20 }, '10.0 % of its misses'],
    ['too-large', { hits: 110, misses: 0 }, '50.0 % of the cached bytes for 11.0 % of the hits'],
    ['worth-it', {}, '80.0 % of 1000 reads hit'],
    ['worth-it', { rebuildCostMs: 5 }, '4.0 s of rebuilding spared'],
  ])('says %s of %j, with the numbers', (verdict, facts, numbers) => {
    const worth = judgeWorth({ ...cache, ...facts }, total);
    expect(worth.verdict).toBe(verdict);
    expect(worth.reason).toContain(numbers);
  });
});
