import { describe, expect, it } from 'vitest';
import { SpillwayError } from '#src/core/errors.js';
import {
  type CacheDescription,
  cacheBytesIndex,
  claimCache,
  isCacheLive,
  liveCaches,
  loadCacheBytes,
  loadCacheCounters,
  nameByteLength,
  releaseCache,
  retireCache,
  storeCacheCounters,
  threadCacheBytes,
  totalCacheBytes,
} from '#src/page/cache-rows.js';
import { CACHE_ROWS, NAME_BYTES, THREAD_ROWS } from '#src/page/layout.js';
import {
  COLLECT,
  emptyThreadControl,
  isOrderDone,
  isTaken,
  loadDebt,
  loadReceipt,
  markOrderDone,
  markTaken,
  readControl,
  writeControl,
  writeReceipt,
} from '#src/page/orders.js';
import { createPage, openPage } from '#src/page/page.js';
import {
  claimThread,
  emptyThreadHeap,
  liveThreadRows,
  publishThreadHeap,
  readThreadHeap,
  releaseThread,
  storeThreadCounters,
  sumCounters,
} from '#src/page/thread-rows.js';
import { storeTracked } from '#src/page/wide.js';

const describeCache = (name: string, more: Partial<CacheDescription> = {}): CacheDescription => ({
  name,
  priority: 10,
  minBytes: 0,
  maxBytes: -1,
  rebuildUs: -1,
  ...more,
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
};

describe('a page', () => {
  it('is opened by another thread from its buffer', () => {
    const words = createPage();
    expect(openPage(words.buffer)).toEqual(words);
  });

  it.each([
    ['no buffer', () => ({})],
    ['a buffer that is not shared', () => new ArrayBuffer(createPage().byteLength)],
    ['a buffer of another size', () => new SharedArrayBuffer(64)],
    ['a buffer without the magic', () => new SharedArrayBuffer(createPage().byteLength)],
  ])('is refused when it is %s', (_, make) => {
    expect(codeOf(() => openPage(make()))).toBe('ERR_SPILLWAY_HANDLE_INVALID');
  });

  it('is refused when it has another layout', () => {
    const words = createPage();
    words[1] = 999; // HEADER.VERSION
    expect(() => openPage(words.buffer)).toThrow(/layout 999/);
  });
});

describe('thread rows', () => {
  it('are given to one thread each, until all are taken', () => {
    const words = createPage();
    const claims = Array.from({ length: THREAD_ROWS }, (_, id) => claimThread(words, id, -1));
    expect(new Set(claims.map((claim) => claim.row)).size).toBe(THREAD_ROWS);
    expect(new Set(claims.map((claim) => claim.generation)).size).toBe(THREAD_ROWS);
    expect(codeOf(() => claimThread(words, 99, -1))).toBe('ERR_SPILLWAY_LEDGER_FULL');
  });

  it('are given again once they were released, to a new generation', () => {
    const words = createPage();
    const first = claimThread(words, 1, -1);
    releaseThread(words, first);
    expect(liveThreadRows(words)).toEqual([]);
    const second = claimThread(words, 2, -1);
    expect(second.row).toBe(first.row);
    releaseThread(words, first); // late: the row is another's now
    expect(liveThreadRows(words)).toEqual([second.row]);
  });

  it('carry nothing over to the next owner', () => {
    const words = createPage();
    const first = claimThread(words, 1, -1);
    publishThreadHeap(words, first.row, { ...emptyThreadHeap(), publishedUs: 5, oldUsedBytes: 7 });
    storeThreadCounters(words, first.row, { collections: 1, collectionUs: 2, evictedBytes: 3, uncollectedBytes: 4 });
    writeControl(words, first.row, { ...emptyThreadControl(), order: 9, level: 'emergency', capBytes: 100 }, []);
    markOrderDone(words, first.row, 9);
    releaseThread(words, first);
    const second = claimThread(words, 2, -1);
    const control = emptyThreadControl();
    expect(readThreadHeap(words, second.row, emptyThreadHeap())).toBe(false);
    expect(sumCounters(words).evictedBytes).toBe(0);
    expect(readControl(words, second.row, control)).toBe(true);
    expect(control).toEqual(emptyThreadControl());
    expect(isOrderDone(words, second.row, 9)).toBe(false);
  });

  it('are claimed without disturbing a control block that is being written', () => {
    const words = createPage();
    const first = claimThread(words, 1, -1);
    releaseThread(words, first);
    const second = claimThread(words, 2, -1);
    writeControl(words, second.row, { ...emptyThreadControl(), order: 3, capBytes: 5e9, paceBytes: 1 }, []);
    const control = emptyThreadControl();
    expect(readControl(words, second.row, control)).toBe(true);
    expect(control).toMatchObject({ order: 3, capBytes: 5e9, paceBytes: 1 });
  });
});

describe('cache rows', () => {
  it('say what was registered, whatever the alphabet', () => {
    const words = createPage();
    const claim = claimThread(words, 3, -1);
    const name = 'Bilder-Größe-画像-🗜'.padEnd(40, 'x');
    expect(nameByteLength(name)).toBeLessThanOrEqual(NAME_BYTES);
    const row = claimCache(
      words,
      claim,
      describeCache(name, { priority: -7, minBytes: 3e9, maxBytes: 5e9, rebuildUs: 1500 }),
    );
    storeTracked(words, cacheBytesIndex(row), 4e9);
    expect(liveCaches(words)).toEqual([
      {
        row,
        owner: claim.generation,
        threadRow: claim.row,
        name,
        priority: -7,
        minBytes: 3e9,
        maxBytes: 5e9,
        rebuildUs: 1500,
        bytes: 4e9,
        quarantined: false,
      },
    ]);
  });

  it('take a name of the full length', () => {
    const words = createPage();
    claimCache(words, claimThread(words, 1, -1), describeCache('n'.repeat(NAME_BYTES)));
    expect(liveCaches(words)[0]?.name).toBe('n'.repeat(NAME_BYTES));
  });

  it('are given one each until the table is full, and again after a release', () => {
    const words = createPage();
    const claim = claimThread(words, 1, -1);
    const rows = Array.from({ length: CACHE_ROWS }, (_, index) => claimCache(words, claim, describeCache(`c${index}`)));
    expect(new Set(rows).size).toBe(CACHE_ROWS);
    expect(codeOf(() => claimCache(words, claim, describeCache('one too many')))).toBe('ERR_SPILLWAY_LEDGER_FULL');
    releaseCache(words, 17, claim.generation);
    expect(claimCache(words, claim, describeCache('fits again'))).toBe(17);
  });

  it('sum up at all times, and count no more once released, retired, or without their thread', () => {
    const words = createPage();
    const [a, b] = [claimThread(words, 1, -1), claimThread(words, 2, -1)];
    const rows = [
      claimCache(words, a, describeCache('x')),
      claimCache(words, a, describeCache('y')),
      claimCache(words, b, describeCache('x')),
      claimCache(words, a, describeCache('z')),
    ] as const;
    for (const [index, row] of rows.entries()) storeTracked(words, cacheBytesIndex(row), 10 ** index);
    expect(totalCacheBytes(words)).toBe(1111);
    expect(threadCacheBytes(words, a.row)).toBe(1011);
    retireCache(words, rows[3], a.generation);
    expect(totalCacheBytes(words)).toBe(111);
    expect(claimCache(words, a, describeCache('new'))).not.toBe(rows[3]);
    releaseCache(words, rows[1], a.generation);
    expect(totalCacheBytes(words)).toBe(101);
    releaseThread(words, b);
    expect(totalCacheBytes(words)).toBe(1);
    expect(isCacheLive(words, rows[2])).toBe(false);
  });

  it('are not released by an owner of before', () => {
    const words = createPage();
    const first = claimThread(words, 1, -1);
    const row = claimCache(words, first, describeCache('a'));
    releaseCache(words, row, first.generation);
    const second = claimThread(words, 2, -1);
    expect(claimCache(words, second, describeCache('b'))).toBe(row);
    releaseCache(words, row, first.generation);
    expect(liveCaches(words).map((cache) => cache.name)).toEqual(['b']);
  });

  it('carry nothing over to the next cache', () => {
    const words = createPage();
    const claim = claimThread(words, 1, -1);
    const row = claimCache(words, claim, describeCache('a very long name of a cache'));
    storeTracked(words, cacheBytesIndex(row), 5e9);
    const counters = { hits: 1, misses: 2, puts: 3, pressureEvictions: 4, ownEvictions: 5, regrets: 6 };
    storeCacheCounters(words, row, counters);
    expect(loadCacheCounters(words, row)).toEqual(counters);
    writeReceipt(words, row, 4, { requestedBytes: 1, evictedBytes: 1, entries: 1, durationUs: 1, outcome: 'ok' });
    releaseCache(words, row, claim.generation);
    expect(claimCache(words, claim, describeCache('b'))).toBe(row);
    expect(loadCacheBytes(words, row)).toBe(0);
    expect(loadReceipt(words, row, 4)).toBeNull();
    expect(loadCacheCounters(words, row)).toEqual(
      Object.fromEntries(Object.keys(counters).map((counter) => [counter, 0])),
    );
  });
});

describe('orders', () => {
  it('are owed under their number only', () => {
    const words = createPage();
    const claim = claimThread(words, 1, -1);
    const row = claimCache(words, claim, describeCache('a'));
    const control = {
      order: 7,
      round: 3,
      level: 'critical',
      cause: 'heap',
      collect: COLLECT.ifDue,
      inHeap: true,
      capBytes: 3e9,
      paceBytes: 5,
    } as const;
    writeControl(words, claim.row, control, [{ row, owedBytes: 4e9 }]);
    const read = emptyThreadControl();
    expect(readControl(words, claim.row, read)).toBe(true);
    expect(read).toEqual(control);
    expect(loadDebt(words, row, 7)).toBe(4e9);
    expect(loadDebt(words, row, 6)).toBe(0);
    expect(loadDebt(words, row, 8)).toBe(0);
  });

  it('tell a payer that has begun from one that has not, and keep the receipt under its number', () => {
    const words = createPage();
    const claim = claimThread(words, 1, -1);
    const row = claimCache(words, claim, describeCache('a'));
    expect(isTaken(words, row, 7)).toBe(false);
    markTaken(words, row, 7);
    expect(isTaken(words, row, 7)).toBe(true);
    const receipt = { requestedBytes: 5e9, evictedBytes: 4e9, entries: 3, durationUs: 2, outcome: 'lied' } as const;
    expect(loadReceipt(words, row, 7)).toBeNull();
    writeReceipt(words, row, 7, receipt);
    expect(loadReceipt(words, row, 7)).toEqual(receipt);
    expect(loadReceipt(words, row, 8)).toBeNull();
    markOrderDone(words, claim.row, 7);
    expect(isOrderDone(words, claim.row, 7)).toBe(true);
  });
});
