import { EventEmitter, once } from 'node:events';
import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ThreadCachesOptions } from '#src/caches/thread-caches.js';
import { MIB } from '#src/core/units.js';
import { monotonicUs } from '#src/page/clock.js';
import { isOrderDone } from '#src/page/orders.js';
import { bumpEpoch } from '#src/page/page.js';
import { CountedCache, StrangeCache } from '../support/caches.js';
import { CachesUnderTest, stillEngine } from '../support/thread-caches.js';

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/** Its deadline is short, so that a cache that hangs costs the test little. */
function makeThread(options: Partial<ThreadCachesOptions> = {}): CachesUnderTest {
  const thread = new CachesUnderTest({ cacheDeadlineMs: 40, ...options });
  open.push(thread);
  return thread;
}

function bigLru(entries: number): LRUCache<number, Buffer> {
  const cache = new LRUCache<number, Buffer>({ maxSize: 1e12, sizeCalculation: () => 1000 });
  const value = Buffer.alloc(1);
  for (let key = 0; key < entries; key++) cache.set(key, value);
  return cache;
}

/** A thread with one cache of so many entries of 1000 bytes. */
function makeFilled(entries: number, options: Partial<ThreadCachesOptions> = {}) {
  const thread = makeThread(options);
  const cache = bigLru(entries);
  thread.caches.register(cache, { name: 'lru' });
  return { thread, cache };
}

/** A thread with one cache of 50 MB, whose engine counts the collections that it is asked for. */
function makeCollecting(oldUsedBytes = 0, nowUs = monotonicUs) {
  const collections = { count: 0 };
  const findCollect = () => () => {
    collections.count++;
    return true;
  };
  const heap = { promotableBytes: 0, readInto: (into: object) => Object.assign(into, { oldUsedBytes }) };
  const filled = makeFilled(50_000, { collectGarbage: 'auto', engine: { ...stillEngine(nowUs), heap, findCollect } });
  return { ...filled, collections };
}

/** Keeps the event loop blocked with cache operations until `done`, for 10 s at most. */
function spinUntil(done: () => boolean, work: () => void): void {
  const endUs = monotonicUs() + 10e6;
  while (!done()) {
    work();
    if (monotonicUs() > endUs) throw new Error('nothing happened in 10 s');
  }
}

/** Reads from the cache until the order is paid. @returns how many reads paid nothing. */
function payInline(thread: CachesUnderTest, cache: LRUCache<number, Buffer>, order: number): number {
  let idle = 0;
  spinUntil(
    () => thread.receipt(0, order) !== null,
    () => {
      const sizeBefore = cache.size;
      cache.get(1);
      if (cache.size === sizeBefore) idle++;
    },
  );
  return idle;
}

describe('an order', () => {
  it('is paid whole by the next cache operation in an emergency', () => {
    const { thread, cache } = makeFilled(50_000);
    const order = thread.order({ 0: 40_000_000 }, 'emergency');
    cache.get(1);
    expect(cache.size).toBe(10_000);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 40_000_000, entries: 40_000, outcome: 'ok' });
  });

  it.each(['warning', 'critical'] as const)('is paid while the loop is blocked, at %s a slice at a time', (level) => {
    const { thread, cache } = makeFilled(300_000);
    const order = thread.order({ 0: 280_000_000 }, level);
    let slices = 0;
    let sizeBefore = cache.size;
    spinUntil(
      () => thread.receipt(0, order) !== null,
      () => {
        cache.get(1);
        if (cache.size < sizeBefore) slices++;
        sizeBefore = cache.size;
      },
    );
    expect(cache.size).toBe(20_000);
    expect(slices).toBeGreaterThan(1);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 280_000_000, outcome: 'ok' });
  });

  it.each([
    { given: 'critical', reached: 'critical', collect: 'always', idle: 'none' },
    { given: 'critical', reached: 'critical', collect: 'never', idle: 'many' },
    { given: 'warning', reached: 'warning', collect: 'never', idle: 'many' },
    { given: 'warning', reached: 'critical', collect: 'never', idle: 'none' },
  ] as const)(
    'from $given, to collect $collect, leaves a blocked loop $idle of its operations between slices once $reached is reached',
    ({ given, reached, collect, idle: expected }) => {
      const { thread, cache } = makeFilled(300_000);
      const order = thread.order({ 0: 280_000_000 }, given, collect);
      thread.reach(reached);
      const idle = payInline(thread, cache, order);
      if (expected === 'none') expect(idle).toBe(0);
      else expect(idle).toBeGreaterThan(100);
    },
  );

  it('is paid whole by the next cache operation where an emergency came after it', () => {
    const { thread, cache } = makeFilled(300_000);
    const order = thread.order({ 0: 280_000_000 }, 'critical');
    cache.get(1);
    expect(cache.size).toBeGreaterThan(20_000);
    thread.reach('emergency');
    cache.get(1);
    expect(cache.size).toBe(20_000);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 280_000_000, outcome: 'ok' });
  });

  it('is paid on a free loop, in slices between which other work runs', async () => {
    const { thread } = makeFilled(300_000);
    const order = thread.order({ 0: 280_000_000 }, 'critical');
    let turns = 0;
    let paying = true;
    const count = () => {
      turns++;
      if (paying) setImmediate(count);
    };
    setImmediate(count);
    await thread.caches.payOnLoop();
    paying = false;
    expect(turns).toBeGreaterThan(2);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 280_000_000, outcome: 'ok' });
  });

  it('is paid in turns on a free loop, also where critical was reached since', async () => {
    const { thread, cache } = makeFilled(300_000);
    thread.order({ 0: 280_000_000 }, 'warning');
    const paid = thread.caches.payOnLoop();
    thread.reach('critical');
    const sizeBefore = cache.size;
    cache.get(1);
    expect(cache.size).toBe(sizeBefore);
    await paid;
    expect(cache.size).toBe(20_000);
  });

  it('leaves an asynchronous cache, which a cache operation came to, to the loop that turns', async () => {
    const thread = makeThread({ engine: stillEngine(() => 0) }); // whatever time it takes, the loop is not stalled
    const cache = bigLru(300_000);
    const asked = new EventEmitter();
    const slow = new StrangeCache(1000, async function () {
      await once(asked, 'answer');
      return this.drop(1000);
    });
    const other = new CountedCache(1000);
    thread.caches.register(cache, { name: 'lru', priority: 1 });
    thread.caches.register(slow, { name: 'slow', priority: 2 });
    thread.caches.register(other, { name: 'other', priority: 3 });
    const order = thread.order({ 0: 300_000_000, 1: 1000 }, 'critical', 'always');
    const paid = thread.caches.payOnLoop();
    spinUntil(
      () => thread.receipt(0, order) !== null,
      () => cache.get(1),
    );
    cache.get(1);
    expect(other.asked).toEqual([]);
    asked.emit('answer');
    await paid;
    expect(thread.receipt(1, order)).toMatchObject({ outcome: 'ok', evictedBytes: 1000 });
    expect(other.asked).toEqual([]);
  });

  it.each([
    { collect: 'always', helps: true },
    { collect: 'never', helps: false },
  ] as const)(
    'is helped on by the cache operations of a free loop where it is to collect $collect: $helps',
    async (order) => {
      const { thread, cache } = makeFilled(300_000);
      const number = thread.order({ 0: 280_000_000 }, 'critical', order.collect);
      const paid = thread.caches.payOnLoop();
      const sizeBefore = cache.size;
      cache.get(1);
      expect(cache.size < sizeBefore).toBe(order.helps);
      await paid;
      expect(thread.receipt(0, number)).toMatchObject({ evictedBytes: 280_000_000, outcome: 'ok' });
    },
  );

  it('has its collection in a turn of the loop after the last slice', async () => {
    const { thread, cache, collections } = makeCollecting();
    thread.order({ 0: 40_000_000 }, 'critical', 'always');
    let paidTurns = 0;
    const watch = () => {
      if (cache.size === 10_000 && collections.count === 0) paidTurns++;
      if (collections.count === 0) setImmediate(watch);
    };
    setImmediate(watch);
    await thread.caches.payOnLoop();
    expect({ collections: collections.count, paidTurns }).toEqual({ collections: 1, paidTurns: 1 });
  });

  it.each([
    { level: 'critical', before: 0 },
    { level: 'emergency', before: 1 },
  ] as const)(
    'has its collection in the operation after the last slice, at $level: $before are done in that',
    (order) => {
      const { thread, cache, collections } = makeCollecting();
      const number = thread.order({ 0: 40_000_000 }, order.level, 'always', { paceBytes: 1 });
      while (thread.receipt(0, number) === null || cache.size > 10_000) cache.get(1);
      expect(collections.count).toBe(order.before);
      cache.get(1);
      cache.get(1);
      expect(collections.count).toBe(1);
    },
  );

  const WHOLE = { inHeap: true, collect: 'always', rest: 2_000_000, kind: 'lru', late: false } as const;
  it.each([
    { ...WHOLE, title: 'leaves a heap that caches nearly fill in parts', left: [10_000, 2000, 1000] },
    { ...WHOLE, title: 'is paid in three parts at the most', rest: 0, left: [10_000, 2000, 0] },
    { ...WHOLE, title: 'is paid in parts where it is due to collect', collect: 'ifDue', left: [10_000, 2000, 1000] },
    { ...WHOLE, title: 'is paid in parts however late it came', late: true, left: [10_000, 2000] },
    { ...WHOLE, title: 'is paid in one part where it is not to collect', collect: 'never', left: [] },
    { ...WHOLE, title: 'is paid in one part where the heap holds much else', rest: 60_000_000, left: [1000] },
    { ...WHOLE, title: 'is paid in one part where this thread holds it outside', rest: -46_000_000, left: [1000] },
    { ...WHOLE, title: 'is paid in one part where all is outside', inHeap: false, left: [1000] },
    { ...WHOLE, title: 'asks a cache that may take long once', kind: 'evictable', left: [1000] },
  ] as const)('$title', ({ inHeap, collect, rest, kind, late, left }) => {
    const seen: number[] = [];
    const cache = kind === 'lru' ? bigLru(50_000) : new CountedCache(50_000_000);
    const entries = () => ('size' in cache ? cache.size : cache.bytes / 1000);
    let heapBytes = rest + 50_000_000;
    const heap = {
      promotableBytes: 0,
      readInto: (into: object) =>
        Object.assign(into, { oldUsedBytes: heapBytes, oldLimitBytes: 1e9, heapUsedBytes: 0 }),
    };
    const findCollect = () => () => {
      seen.push(entries());
      heapBytes = Math.max(0, rest + entries() * 1000);
      return true;
    };
    const thread = makeThread({ collectGarbage: 'auto', engine: { ...stillEngine(), heap, findCollect } });
    const registration = thread.caches.register(cache, { name: 'cache' });
    const owedBytes = 50_000_000 - 1000 * (left.at(-1) ?? 1000);
    if (late) thread.reach('critical');
    const order = thread.order({ 0: owedBytes }, late ? 'warning' : 'emergency', collect, { inHeap });
    for (let look = 0; look < (late ? 20 : 1); look++) registration.add(0);
    expect(seen).toEqual(left);
    expect(thread.receipt(0, order)).toMatchObject({ requestedBytes: owedBytes, evictedBytes: owedBytes });
  });

  it('is not paid a second time by puts, and none of them pays more than its slice', () => {
    const { thread, cache } = makeFilled(300_000);
    const order = thread.order({ 0: 100_000_000 }, 'critical', 'always', { capBytes: 200_000_000 });
    const sizes = [cache.size];
    const value = Buffer.alloc(1);
    for (let key = 300_000; thread.receipt(0, order) === null; key++) {
      cache.set(key, value);
      sizes.push(cache.size);
    }
    const drops = sizes.slice(1).map((size, index) => (sizes[index] ?? 0) - size);
    expect(Math.max(...drops), 'a slice, however fast the machine').toBeLessThan(80_000);
    expect(cache.size, 'no more than is dropped ahead of puts').toBeGreaterThan(198_000);
    expect(cache.size).toBeLessThanOrEqual(200_000);
  });

  it('that is given up leaves the cap as it is', () => {
    const { thread, cache } = makeFilled(300_000);
    thread.order({ 0: 100_000_000 }, 'critical', 'always', { capBytes: 200_000_000 });
    cache.get(1);
    thread.cap(200_000_000); // and no order any more
    cache.set(300_000, Buffer.alloc(1));
    expect(cache.size).toBeLessThanOrEqual(200_000);
  });

  it('has its collection in a cache operation, too, where the loop paid and does not turn', () => {
    const { thread, cache, collections } = makeCollecting();
    thread.order({ 0: 1000 }, 'critical', 'ifDue');
    void thread.caches.payOnLoop();
    expect([cache.size, collections.count]).toEqual([49_999, 0]);
    bumpEpoch(thread.words);
    cache.get(1);
    expect(collections.count).toBe(1);
  });

  it('that asks for a collection alone has it at once', () => {
    const { thread, cache, collections } = makeCollecting();
    thread.order({}, 'warning', 'always');
    cache.get(1);
    expect(collections.count).toBe(1);
  });

  const LATE = { given: 'warning', reached: 'critical', owes: 1000, heapMiB: 32, collects: false } as const;
  it.each([
    { ...LATE, title: 'leaves a long collection to the one that pays for critical, where it came too late' },
    { ...LATE, title: 'collects where emergency came', reached: 'emergency', collects: true },
    { ...LATE, title: 'collects where it came in time', reached: 'warning', collects: true },
    { ...LATE, title: 'collects where it pays for critical itself', given: 'critical', collects: true },
    { ...LATE, title: 'collects where that is brief, however late', heapMiB: 15, collects: true },
    { ...LATE, title: 'collects where it asks for nothing else, however late', owes: 0, collects: true },
  ] as const)('$title', ({ given, reached, owes, heapMiB, collects }) => {
    const { thread, cache, collections } = makeCollecting(heapMiB * MIB);
    thread.reach(reached);
    const order = thread.order(owes === 0 ? {} : { 0: owes }, given, 'always');
    for (let operation = 0; operation < 4; operation++) cache.get(1);
    expect(collections.count).toBe(collects ? 1 : 0);
    expect(isOrderDone(thread.words, 0, order)).toBe(true);
  });

  it.each([
    { title: 'is collected after 50 ms where no other comes', next: null, paceBytes: -1, sooner: 0 },
    { title: 'is not collected for the pace sooner', next: null, paceBytes: 1, sooner: 0 },
    { title: 'is collected after 50 ms where the other does not collect', next: 'never', paceBytes: -1, sooner: 0 },
    { title: 'is collected with the other, and not again', next: 'always', paceBytes: -1, sooner: 1 },
  ] as const)('that leaves its collection to the next one $title', ({ next, paceBytes, sooner }) => {
    let nowUs = 1e6;
    const { thread, cache, collections } = makeCollecting(32 * MIB, () => nowUs);
    const operate = () => {
      for (let operation = 0; operation < 4; operation++) cache.get(1);
    };
    thread.reach('critical');
    thread.order({ 0: 1000 }, 'warning', 'always', { paceBytes });
    operate();
    if (next !== null) thread.order({ 0: 1000 }, 'critical', next);
    nowUs += 49_000;
    operate();
    expect(collections.count).toBe(sooner);
    nowUs += 2000;
    operate();
    expect(collections.count).toBe(1);
  });

  it('is paid by all caches before anything is collected for the pace', () => {
    const { thread, cache, collections } = makeCollecting();
    const second = bigLru(300_000);
    thread.caches.register(second, { name: 'second', priority: 1000 });
    thread.order({ 0: 50_000_000, 1: 280_000_000 }, 'critical', 'never', { paceBytes: 1 });
    spinUntil(
      () => second.size === 20_000,
      () => {
        expect(collections.count).toBe(0);
        cache.get(1);
      },
    );
    expect(collections.count).toBe(1);
  });

  it('is paid once, whoever comes first', async () => {
    const thread = makeThread();
    const cache = new CountedCache(1000);
    const registration = thread.caches.register(cache, { name: 'a' });
    const order = thread.order({ 0: 300 });
    registration.add(0);
    await thread.caches.payOnLoop();
    registration.add(0);
    expect(cache.bytes).toBe(700);
    expect(cache.asked).toEqual([300]);
    expect(thread.receipt(0, order)?.evictedBytes).toBe(300);
  });

  it('that is taken back in the middle is not paid any further', async () => {
    const thread = makeThread();
    const asked = new EventEmitter();
    let signal: AbortSignal | undefined;
    const slow = new StrangeCache(1000, (_, request) => {
      signal = request.signal;
      asked.emit('asked');
      return new Promise<number>(() => undefined);
    });
    const other = new CountedCache(1000);
    thread.caches.register(slow, { name: 'slow', priority: 1 });
    const registration = thread.caches.register(other, { name: 'other', priority: 2 });
    thread.order({ 0: 500, 1: 500 }, 'warning');
    const begun = once(asked, 'asked');
    const paid = thread.caches.payOnLoop();
    await begun;
    thread.order({});
    registration.add(0);
    await paid;
    expect(signal?.aborted).toBe(true);
    expect(other.asked).toEqual([]);
  });

  it('waits for no asynchronous cache beyond its deadline, and asks the next one', async () => {
    const thread = makeThread();
    const hanging = new StrangeCache(1000, () => new Promise<number>(() => undefined));
    const other = new CountedCache(1000);
    thread.caches.register(hanging, { name: 'hanging', priority: 1 });
    thread.caches.register(other, { name: 'other', priority: 2 });
    const order = thread.order({ 0: 600 }, 'critical');
    await thread.caches.payOnLoop();
    expect(thread.receipt(0, order)).toMatchObject({ outcome: 'timed-out', evictedBytes: 0, requestedBytes: 600 });
    expect(thread.receipt(1, order)).toMatchObject({ outcome: 'ok', evictedBytes: 600 });
    expect(thread.faults).toMatchObject([{ cache: 'hanging', outcome: 'timed-out' }]);
  });

  it('asks no cache twice for what one has dropped too much', async () => {
    const thread = makeThread();
    const generous = new StrangeCache(1000, function () {
      return this.drop(900);
    });
    const other = new CountedCache(1000);
    thread.caches.register(generous, { name: 'generous', priority: 1 });
    thread.caches.register(other, { name: 'other', priority: 1 });
    const order = thread.order({ 0: 300, 1: 300 });
    await thread.caches.payOnLoop();
    expect(other.asked).toEqual([]);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 900, outcome: 'ok' });
    expect(thread.receipt(1, order)).toBeNull();
  });

  it('makes equals make up for one that falls short, without asking that one again', async () => {
    const thread = makeThread();
    const stingy = new StrangeCache(1000, function () {
      return this.drop(50);
    });
    const other = new CountedCache(1000);
    thread.caches.register(stingy, { name: 'stingy', priority: 1 });
    thread.caches.register(other, { name: 'other', priority: 1 });
    const order = thread.order({ 0: 300, 1: 300 });
    await thread.caches.payOnLoop();
    expect(stingy.asked).toEqual([300]);
    expect(other.asked).toEqual([300, 250]);
    expect(thread.receipt(1, order)).toMatchObject({ requestedBytes: 550, evictedBytes: 550 });
  });

  it('is over for whoever closes in the middle, without a timer left behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const thread = makeThread({ cacheDeadlineMs: 60_000 });
    thread.caches.register(new StrangeCache(1000, () => new Promise<number>(() => undefined)), { name: 'hanging' });
    thread.order({ 0: 600 }, 'critical');
    const paid = thread.caches.payOnLoop();
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    thread.close();
    await paid;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('harms nobody when an asynchronous cache rejects after all', async () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      const thread = makeThread({ cacheDeadlineMs: 5 });
      const gate = new EventEmitter();
      const late = new StrangeCache(1000, () =>
        once(gate, 'open').then(() => Promise.reject(new Error('too late anyway'))),
      );
      const registration = thread.caches.register(late, { name: 'late' });
      thread.order({ 0: 100 }, 'warning');
      await thread.caches.payOnLoop();
      thread.order({ 0: 100 }, 'emergency');
      registration.add(0); // does not wait at all
      gate.emit('open');
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate); // rejections are told of between turns
      expect(late.asked).toHaveLength(2);
      expect(rejections).toEqual([]);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  });
});

describe('the cap', () => {
  it('is kept by an asynchronous cache that is asked once at a time', async () => {
    const thread = makeThread();
    let release: () => void = () => undefined;
    const slow = new StrangeCache(0, function (bytes) {
      return new Promise((resolve) => {
        release = () => resolve(this.drop(bytes));
      });
    });
    const registration = thread.caches.register(slow, { name: 'slow' });
    thread.cap(100);
    for (let put = 0; put < 5; put++) {
      slow.bytes += 50;
      registration.add(50);
    }
    expect(slow.asked).toEqual([50]);
    release();
    await new Promise(setImmediate);
    registration.add(0);
    expect(slow.asked).toEqual([50, 100]);
  });

  it('is paid by nobody whose drop throws, and that is told of', () => {
    const thread = makeThread();
    const broken = new StrangeCache(0, () => {
      throw new Error('out of order');
    });
    const registration = thread.caches.register(broken, { name: 'broken' });
    thread.cap(100);
    broken.bytes = 150;
    registration.add(150);
    expect(thread.faults).toMatchObject([{ cache: 'broken', outcome: 'threw' }]);
    expect(registration.bytes).toBe(150);
  });
});
