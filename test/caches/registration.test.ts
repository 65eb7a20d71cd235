import { LRUCache } from 'lru-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpillwayError } from '#src/core/errors.js';
import { CACHE_ROWS } from '#src/page/layout.js';
import { CountedCache } from '../support/caches.js';
import { CachesUnderTest } from '../support/thread-caches.js';

function faultOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof SpillwayError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'accepted', message: '' };
}

describe('register', () => {
  let thread: CachesUnderTest;
  beforeEach(() => {
    thread = new CachesUnderTest();
  });
  afterEach(() => thread.close());

  const register = (cache: unknown, options: unknown) =>
    thread.caches.register(cache as Map<unknown, unknown>, options as { name: string });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a function', () => undefined],
    ['a plain object', {}],
    ['an array', []],
    ['a Set', new Set()],
    ['a WeakMap', new WeakMap()],
    ['a cache that cannot evict', { bytes: 5 }],
    ['a cache without bytes', { evict: (): number => 0 }],
    ['a cache whose bytes are no number', { bytes: '5', evict: (): number => 0 }],
    ['a frozen Map', Object.freeze(new Map())],
    ['a sealed LRUCache', Object.seal(new LRUCache({ max: 5 }))],
  ])('refuses %s', (_, cache) => {
    expect(faultOf(() => register(cache, { name: 'x' })).code).toBe('ERR_SPILLWAY_CACHE_UNSUPPORTED');
    expect(thread.caches.totalBytes).toBe(0);
  });

  it('leaves a cache that it refused as it was, and takes no row for it', () => {
    const cache = new LRUCache<string, string>({ max: 5 });
    Object.defineProperty(cache, 'set', { value: cache.set, configurable: false, writable: false });
    for (let attempt = 0; attempt < CACHE_ROWS + 1; attempt++) {
      expect(faultOf(() => register(cache, { name: 'x', sizeOf: () => 1 })).code).toBe(
        'ERR_SPILLWAY_CACHE_UNSUPPORTED',
      );
    }
    expect(Object.hasOwn(cache, 'get')).toBe(false);
    register(new Map(), { name: 'x' });
  });

  it.each<[unknown, string]>([
    [undefined, 'options'],
    ['frame', 'options'],
    [{}, 'options.name'],
    [{ name: '' }, 'options.name'],
    [{ name: 5 }, 'options.name'],
    [{ name: 'x'.repeat(65) }, 'options.name'],
    [{ name: 'ü'.repeat(33) }, 'options.name'],
    [{ name: 'x', prority: 5 }, 'options.prority'],
    [{ name: 'x', priority: 1.5 }, 'options.priority'],
    [{ name: 'x', priority: Number.NaN }, 'options.priority'],
    [{ name: 'x', priority: '10' }, 'options.priority'],
    [{ name: 'x', priority: 2 ** 31 }, 'options.priority'],
    [{ name: 'x', minBytes: -1 }, 'options.minBytes'],
    [{ name: 'x', minBytes: 'much' }, 'options.minBytes'],
    [{ name: 'x', minBytes: Number.POSITIVE_INFINITY }, 'options.minBytes'],
    [{ name: 'x', maxBytes: Number.NaN }, 'options.maxBytes'],
    [{ name: 'x', maxBytes: '1PB' }, 'options.maxBytes'],
    [{ name: 'x', minBytes: '2MB', maxBytes: '1MB' }, 'options.maxBytes'],
    [{ name: 'x', sizeOf: 5 }, 'options.sizeOf'],
    [{ name: 'x', rebuildCost: -1 }, 'options.rebuildCost'],
    [{ name: 'x', rebuildCost: Number.POSITIVE_INFINITY }, 'options.rebuildCost'],
  ])('refuses the options %o, naming %s', (options, path) => {
    const { code, message } = faultOf(() => register(new Map(), options));
    expect(code).toBe('ERR_SPILLWAY_ARGUMENT');
    expect(message).toContain(`\`${path}\``);
  });

  it('refuses a name or an object twice, until it was unregistered', () => {
    const map = new Map();
    const registration = register(map, { name: 'x' });
    expect(faultOf(() => register(new Map(), { name: 'x' })).code).toBe('ERR_SPILLWAY_CACHE_DUPLICATE');
    expect(faultOf(() => register(map, { name: 'y' })).code).toBe('ERR_SPILLWAY_CACHE_DUPLICATE');
    const other = new CachesUnderTest();
    expect(faultOf(() => other.caches.register(map, { name: 'x' })).code).toBe('ERR_SPILLWAY_CACHE_DUPLICATE');
    registration.unregister();
    const again = other.caches.register(map, { name: 'x' });
    expect(faultOf(() => register(map, { name: 'x' })).code).toBe('ERR_SPILLWAY_CACHE_DUPLICATE');
    again[Symbol.dispose]();
    register(map, { name: 'x' });
    other.close();
  });

  it('refuses one cache more than the table holds, and takes one again when another left', () => {
    const registrations = Array.from({ length: CACHE_ROWS }, (_, index) => register(new Map(), { name: `c${index}` }));
    expect(faultOf(() => register(new Map(), { name: 'more' })).code).toBe('ERR_SPILLWAY_LEDGER_FULL');
    registrations[100]?.unregister();
    register(new Map(), { name: 'more' });
  });

  it('lets go of everything when the thread closes', () => {
    const map = new Map<string, Buffer>();
    const lru = new LRUCache<string, Buffer>({ max: 5 });
    const { get } = lru;
    register(map, { name: 'map' });
    register(lru, { name: 'lru' });
    map.set('a', Buffer.alloc(10));
    const late = lru.set;
    thread.close();
    thread.close();
    expect(lru.get).toBe(get);
    expect(Object.getOwnPropertyNames(map)).toEqual([]);
    late.call(lru, 'b', Buffer.alloc(10)); // a method that was taken before
    expect(lru.get('b')).toHaveLength(10);
    expect(thread.caches.totalBytes).toBe(0);
  });
});

describe('a cache of the user', () => {
  let thread: CachesUnderTest;
  beforeEach(() => {
    thread = new CachesUnderTest();
  });
  afterEach(() => thread.close());

  it('may tell after it has changed, or before', () => {
    const cache = new CountedCache(0);
    const registration = thread.caches.register(cache, { name: 'a' });
    cache.bytes += 100;
    registration.add(100);
    expect(thread.caches.totalBytes).toBe(100);
    registration.add(50);
    expect(thread.caches.totalBytes).toBe(150);
    cache.bytes += 50;
    registration.add(0);
    expect(thread.caches.totalBytes).toBe(150);
    cache.bytes -= 120;
    registration.add(-120);
    expect(thread.caches.totalBytes).toBe(30);
    expect(registration.bytes).toBe(30);
  });

  it('never counts as less than nothing', () => {
    const registration = thread.caches.register(new CountedCache(10), { name: 'a' });
    registration.add(-500);
    expect(thread.caches.totalBytes).toBe(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '5'])('refuses to add %s', (bytes) => {
    const registration = thread.caches.register(new CountedCache(10), { name: 'a' });
    expect(faultOf(() => registration.add(bytes as number)).code).toBe('ERR_SPILLWAY_ARGUMENT');
  });

  it('pays inside add(), without a turn of the loop', () => {
    const cache = new CountedCache(1000);
    const registration = thread.caches.register(cache, { name: 'a' });
    const order = thread.order({ 0: 400 });
    cache.bytes += 10;
    registration.add(10);
    expect(cache.bytes).toBe(610);
    expect(thread.receipt(0, order)).toMatchObject({ evictedBytes: 400, outcome: 'ok' });
  });

  it('is read with its limit, and trimmed to it', () => {
    const cache = new CountedCache(0);
    const registration = thread.caches.register(cache, { name: 'a', maxBytes: 100 });
    cache.bytes = 130;
    registration.add(130);
    expect(cache.bytes).toBe(100);
    expect(cache.requests[0]).toMatchObject({ level: 'normal', round: 0 });
  });

  it('that tells an impossible size is told of, and counts as before until it is possible', () => {
    const cache = new CountedCache(Number.NaN);
    const registration = thread.caches.register(cache, { name: 'a' });
    expect(thread.faults).toMatchObject([{ cache: 'a', outcome: 'lied' }]);
    expect(registration.bytes).toBe(0);
    cache.bytes = 70;
    expect(registration.bytes).toBe(70);
    for (const impossible of [Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 60]) {
      cache.bytes = impossible;
      expect(registration.bytes).toBe(70);
    }
  });

  it('may read the state of things in its own getter', () => {
    const cache = {
      get bytes(): number {
        return thread.caches.totalBytes + (registration === undefined ? 0 : registration.stats.bytes) >= 0 ? 5 : 0;
      },
      evict: () => 0,
    };
    let registration: { stats: { bytes: number } } | undefined;
    registration = thread.caches.register(cache, { name: 'a' });
    thread.caches.refresh();
    expect(thread.caches.totalBytes).toBe(5);
  });
});
