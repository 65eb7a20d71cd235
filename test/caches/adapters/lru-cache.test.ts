import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { LRUCache as LRUCache11 } from 'lru-cache';
import { LRUCache as LRUCache10 } from 'lru-cache-10';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CachesUnderTest } from '../../support/thread-caches.js';

type Cache = LRUCache11<string, Entry>;

interface Entry {
  readonly bytes: number;
}

/** The clock that the ages of entries are measured by. */
let nowMs = 1e6;

/** Everything that a cache told its callbacks. */
type Log = unknown[][];

type Options = {
  [name in keyof LRUCache11.Options<string, Entry, unknown>]?:
    | LRUCache11.Options<string, Entry, unknown>[name]
    | undefined;
};

const VERSIONS = {
  'lru-cache 11': LRUCache11,
  'lru-cache 10': LRUCache10 as unknown as typeof LRUCache11,
};

/** Such a cache runs no code of the user's in the middle of a put, which is followed in another way then. */
const CALLING_NOBODY = { dispose: undefined, disposeAfter: undefined };

const CONFIGURATIONS: Record<string, Options> = {
  'limited by size': { maxSize: 200, sizeCalculation: (entry) => entry.bytes },
  'limited by size and by entry': { maxSize: 200, maxEntrySize: 60, sizeCalculation: (entry) => entry.bytes },
  'limited by size, calling nobody': { maxSize: 200, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY },
  'limited by size and number, calling nobody': {
    max: 4,
    maxSize: 200,
    sizeCalculation: (entry) => entry.bytes,
    ...CALLING_NOBODY,
  },
  'limited by number': { max: 6 },
  'limited by number, calling nobody': { max: 6, ...CALLING_NOBODY },
  'limited by number, with a time to live': { max: 6, ttl: 50, ttlResolution: 0 },
  'limited by size, with a time to live': {
    maxSize: 200,
    sizeCalculation: (entry) => entry.bytes,
    ttl: 50,
    ttlResolution: 0,
    updateAgeOnGet: true,
    updateAgeOnHas: true,
  },
  'showing stale values': { max: 6, ttl: 50, ttlResolution: 0, allowStale: true, noDeleteOnStaleGet: true },
};

/** Limits that a single put may exhaust. */
const NARROW: Record<string, Options> = {
  'of two entries, calling nobody': {
    max: 2,
    maxSize: 200,
    sizeCalculation: (entry) => entry.bytes,
    ...CALLING_NOBODY,
  },
  'limited by number, with a size for each, calling nobody': {
    max: 3,
    maxEntrySize: 100,
    sizeCalculation: (entry) => entry.bytes,
    ...CALLING_NOBODY,
  },
  'of two entries, without sizes, calling nobody': { max: 2, ...CALLING_NOBODY },
  'of one entry, calling nobody': { max: 1, maxSize: 200, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY },
};

/** Each is followed in another way. */
const UNHEARD: Record<string, Options> = {
  'limited by size': { maxSize: 100, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY },
  'limited by size and number': { max: 9, maxSize: 100, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY },
  'limited by number': { max: 9, ...CALLING_NOBODY },
};

function sizeOfFor({ maxSize }: Options) {
  return maxSize === undefined ? { sizeOf: (value: Entry) => value.bytes } : {};
}

function make(Lru: typeof LRUCache11, options: Options, log: Log): Cache {
  return new Lru<string, Entry>({
    dispose: (value, key, reason) => log.push(['dispose', key, value.bytes, reason]),
    disposeAfter: (value, key, reason) => log.push(['disposeAfter', key, value.bytes, reason]),
    memoMethod: (key) => ({ bytes: key.length }),
    ...options,
  } as LRUCache11.Options<string, Entry, unknown>);
}

/** Whether V8 keeps two objects in the same way, and what it learned of one serves for the other. */
function haveSameShape(first: unknown, second: unknown): unknown {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return new Function('a', 'b', 'return %HasFastProperties(a) && %HaveSameMap(a, b)')(first, second);
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

const trueBytes = (cache: Cache): number => cache.dump().reduce((sum, [, { value }]) => sum + value.bytes, 0);

/** An operation and what it answers, in a form that can be compared. */
type Operation = [name: string, ...args: (string | number)[]];

function apply(cache: Cache, [name, ...args]: Operation): unknown {
  const [key, bytes] = args as [string, number];
  switch (name) {
    case 'set':
      return cache.set(key, { bytes }) === cache;
    case 'setUndefined':
      return cache.set(key, undefined as unknown as Entry) === cache;
    case 'setWithTtl':
      return cache.set(key, { bytes }, { ttl: 20 }) === cache;
    case 'get':
    case 'peek':
      return cache[name](key)?.bytes;
    case 'has':
    case 'delete':
      return cache[name](key);
    case 'memo':
      return cache.memo(key).bytes;
    case 'pop':
      return cache.pop()?.bytes;
    case 'clear':
      return cache.clear();
    case 'purgeStale':
      return cache.purgeStale();
    case 'reload':
      return cache.load(cache.dump());
    case 'find':
      return cache.find((value) => value.bytes > 20)?.bytes;
    case 'wait':
      nowMs += Number(args[0]);
      return undefined;
    default:
      throw new Error(`no such operation: ${name}`);
  }
}

/** All that can be seen of a cache without changing it. */
function portrait(cache: Cache) {
  const seen: [string, number][] = [];
  cache.forEach((value, key) => {
    seen.push([key, value.bytes]);
  });
  return {
    seen,
    keys: [...cache.keys()],
    rkeys: [...cache.rkeys()],
    values: [...cache.values()].map((value) => value.bytes),
    entries: [...cache].map(([key, value]) => [key, value.bytes]),
    dump: cache.dump().map(([key, entry]) => [key, entry.value.bytes, entry.size]),
    size: cache.size,
    calculatedSize: cache.calculatedSize,
    remaining: ['a', 'b', 'c'].map((key) => cache.getRemainingTTL(key)),
  };
}

const key = fc.constantFrom('a', 'b', 'c', 'dd', 'ee', 'ff', 'ggg', 'hhh', 'iiii', 'jjjj');
const bytes = fc.integer({ min: 1, max: 80 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('set'), key, bytes) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('setWithTtl'), key, bytes) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('setUndefined'), key) },
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('get', 'peek', 'has', 'memo'), key) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('delete'), key) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('pop', 'purgeStale', 'reload', 'find')) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear')) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('wait'), fc.integer({ min: 1, max: 60 })) },
);
const operations = fc.array(operation, { minLength: 1, maxLength: 60 });

describe.each(Object.entries(VERSIONS))('%s', (_version, Lru) => {
  let thread: CachesUnderTest;
  beforeEach(() => {
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
    thread = new CachesUnderTest();
  });
  afterEach(() => {
    thread.close();
    vi.restoreAllMocks();
  });

  describe.each(Object.entries(CONFIGURATIONS))('%s', (_name, options) => {
    const sizeOf = sizeOfFor(options);

    it('behaves as before: answers, order, iteration, sizes, dispose reasons, ages', () => {
      fc.assert(
        fc.property(operations, (sequence) => {
          const [bareLog, watchedLog]: [Log, Log] = [[], []];
          const bare = make(Lru, options, bareLog);
          const watched = make(Lru, options, watchedLog);
          using registration = thread.caches.register(watched, { name: 'lru', ...sizeOf });
          for (const step of sequence) {
            const wait = step[0] === 'wait';
            const answer = apply(bare, step);
            if (!wait) expect(apply(watched, step)).toEqual(answer); // time passes for both at once
            expect(portrait(watched)).toEqual(portrait(bare));
            expect(watchedLog).toEqual(bareLog);
          }
          registration.unregister();
          expect(portrait(watched)).toEqual(portrait(bare));
        }),
      );
    });

    it('is counted to the byte after every operation, also while it is made to pay', () => {
      const pressed = fc.array(fc.tuple(operation, fc.option(fc.integer({ min: 1, max: 150 }), { freq: 3 })), {
        maxLength: 60,
      });
      fc.assert(
        fc.property(pressed, (sequence) => {
          const cache = make(Lru, options, []);
          using registration = thread.caches.register(cache, { name: 'lru', ...sizeOf });
          for (const [step, owedBytes] of sequence) {
            if (owedBytes !== null) thread.order({ 0: owedBytes });
            apply(cache, step);
            expect(registration.bytes).toBe(trueBytes(cache));
            if (options.maxSize !== undefined) expect(registration.bytes).toBe(cache.calculatedSize);
            expect(thread.caches.totalBytes).toBe(registration.bytes);
          }
          registration.unregister();
          expect(thread.caches.totalBytes).toBe(0);
        }),
      );
      expect(thread.faults).toEqual([]);
      expect(thread.sizeFaults).toEqual([]);
    });

    it('is restored exactly', () => {
      const cache = make(Lru, options, []);
      const own = Object.getOwnPropertyDescriptors(cache);
      const registration = thread.caches.register(cache, { name: 'lru', ...sizeOf });
      expect(cache).toBeInstanceOf(Lru);
      expect(cache.constructor).toBe(Lru);
      expect(cache.get).not.toBe(Lru.prototype.get);
      expect(Object.getOwnPropertyDescriptors(cache)).toEqual(own);
      for (let attempt = 0; attempt < 2; attempt++) {
        registration.unregister();
        expect(Object.getPrototypeOf(cache)).toBe(Lru.prototype);
        expect(Object.getOwnPropertyDescriptors(cache)).toEqual(own);
      }
    });

    it('pays with its least recently used entries, and calls that an eviction', () => {
      const log: Log = [];
      const cache = make(Lru, options, log);
      const registration = thread.caches.register(cache, { name: 'lru', ...sizeOf });
      for (const name of ['a', 'b', 'c', 'dd']) cache.set(name, { bytes: 30 });
      cache.get('a');
      const order = thread.order({ 0: 50 });
      expect(cache.get('dd')?.bytes).toBe(30); // the operation that looks is the one that pays
      expect([...cache.keys()]).toEqual(['dd', 'a']);
      const disposed = log.filter(([callback]) => callback === 'dispose');
      const callsBack = !('dispose' in options);
      expect(disposed).toEqual(['b', 'c'].flatMap((name) => (callsBack ? [['dispose', name, 30, 'evict']] : [])));
      expect(thread.receipt(0, order)).toMatchObject({
        requestedBytes: 50,
        evictedBytes: 60,
        entries: 2,
        outcome: 'ok',
      });
      expect(registration.stats).toMatchObject({ bytes: 60, entries: 2, evictions: { own: 0, pressure: 2 } });
    });
  });

  it.each(Object.entries({ ...CONFIGURATIONS, ...NARROW }))(
    'counts what goes for its own limits, put by put: %s',
    (_name, options) => {
      const sizeOf = sizeOfFor(options);
      const putsAndReads = fc.array(
        fc.oneof(
          fc.tuple(fc.constant('set'), key, fc.oneof(bytes, fc.integer({ min: 81, max: 230 }))),
          fc.tuple(fc.constantFrom('get', 'delete', 'setUndefined'), key),
        ),
        { maxLength: 60 },
      );
      fc.assert(
        fc.property(putsAndReads, (sequence) => {
          let evicted = 0;
          const told = make(
            Lru,
            { ...options, dispose: (_value, _key, reason) => void (reason === 'evict' && evicted++) },
            [],
          );
          const cache = make(Lru, options, []);
          using registration = thread.caches.register(cache, { name: 'lru', ...sizeOf });
          for (const step of sequence) {
            apply(told, step as Operation);
            apply(cache, step as Operation);
            expect(registration.stats.evictions.own).toBe(evicted);
          }
        }),
      );
    },
  );

  it('counts all that goes for one put, whether it takes a slot that was free or puts over another', () => {
    const cache = make(Lru, { maxSize: 200, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY }, []);
    const registration = thread.caches.register(cache, { name: 'lru' });
    const evictedBy = (key: string, bytes: number) => {
      const before = registration.stats.evictions.own;
      cache.set(key, { bytes });
      return registration.stats.evictions.own - before;
    };
    for (const key of ['a', 'b', 'c', 'd']) expect(evictedBy(key, 50)).toBe(0);
    cache.delete('a');
    expect(evictedBy('e', 100)).toBe(1); // b, for a new one
    expect(evictedBy('f', 150)).toBe(3); // c, d and e
    for (const key of ['g', 'h']) expect(evictedBy(key, 10)).toBe(0);
    expect(evictedBy('g', 180)).toBe(1); // f, for one that was there
    expect(evictedBy('g', 200)).toBe(1); // h
    expect([...cache.keys()]).toEqual(['g']);
  });

  it('counts what it held when it was registered', () => {
    const sized = make(Lru, { maxSize: 200, sizeCalculation: (entry) => entry.bytes }, []);
    const unsized = make(Lru, { max: 5 }, []);
    for (const cache of [sized, unsized]) cache.set('a', { bytes: 30 }).set('b', { bytes: 20 });
    expect(thread.caches.register(sized, { name: 'sized' }).bytes).toBe(50);
    expect(thread.caches.register(unsized, { name: 'unsized', sizeOf: (value) => value.bytes }).bytes).toBe(50);
  });

  it('measures buffers, typed arrays and strings by itself where the cache does not', () => {
    const cache = new Lru<string, Buffer | string | Float64Array | ArrayBuffer>({ max: 10 });
    const registration = thread.caches.register(cache, { name: 'lru' });
    cache.set('a', Buffer.alloc(100)).set('b', 'four').set('c', new Float64Array(4)).set('d', new ArrayBuffer(10));
    expect(registration.bytes).toBe(100 + 8 + 32 + 10);
    expect(thread.sizeFaults).toEqual([]);
  });

  it('takes the sizeOf of the registration where the sizes of the cache are no bytes', () => {
    const cache = new Lru<string, Buffer>({ maxSize: 10, sizeCalculation: () => 1 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: (value) => value.length });
    for (let entry = 0; entry < 15; entry++) cache.set(String(entry), Buffer.alloc(100));
    expect(registration.bytes).toBe(1000);
    thread.order({ 0: 250 });
    cache.has('1');
    cache.get('14');
    expect(registration.bytes).toBe(700);
  });

  it('counts reads, puts and what its own limit dropped', () => {
    const cache = make(Lru, { max: 3 }, []);
    const { stats: before } = thread.caches.register(cache, { name: 'before', sizeOf: () => 1 });
    expect(before).toMatchObject({ hits: 0, misses: 0, puts: 0, hitRate: null });
    cache.clear();
    const other = make(Lru, { max: 3 }, []);
    const registration = thread.caches.register(other, { name: 'lru', sizeOf: () => 10 });
    for (const name of ['a', 'b', 'c', 'dd', 'ee']) other.set(name, { bytes: 1 });
    other.set('ee', { bytes: 2 });
    other.get('a');
    other.get('ee');
    other.get('dd');
    other.peek('dd');
    other.has('dd');
    expect(registration.stats).toMatchObject({
      bytes: 30,
      entries: 3,
      meanEntryBytes: 10,
      hits: 2,
      misses: 1,
      puts: 6,
      evictions: { own: 2, pressure: 0 },
      hitRate: 2 / 3,
    });
  });

  it('does not count what the cache calls of itself', () => {
    const cache = make(Lru, { max: 3 }, []);
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    cache.memo('abc');
    cache.memo('abc');
    expect(registration.stats).toMatchObject({ hits: 1, misses: 1, bytes: 1 });
  });

  it('evicts from no cache that is in the middle of an operation', () => {
    const disposed: string[] = [];
    const first: Cache = new Lru<string, Entry>({
      maxSize: 100,
      sizeCalculation: (entry) => entry.bytes,
      dispose: (_value, name) => {
        disposed.push(name);
        thread.order({ 0: 1000, 1: 1000 });
        second.get('x'); // looks at the page, in the middle of the first one's set
      },
    });
    const second = make(Lru, { maxSize: 100, sizeCalculation: (entry) => entry.bytes }, []);
    const registration = thread.caches.register(first, { name: 'first' });
    thread.caches.register(second, { name: 'second' });
    second.set('x', { bytes: 10 });
    for (const name of ['a', 'b', 'c']) first.set(name, { bytes: 50 });
    expect(disposed).toEqual(['a', 'b', 'c']); // c by the order, once its own set was through
    expect(registration.bytes).toBe(0);
    expect([...first.keys(), ...second.keys()]).toEqual([]);
  });

  it('books what an operation did that threw', () => {
    const cache = new Lru<string, Entry>({
      maxSize: 100,
      sizeCalculation: (entry) => entry.bytes,
      disposeAfter: () => {
        throw new Error('spilled');
      },
    });
    const registration = thread.caches.register(cache, { name: 'lru' });
    cache.set('a', { bytes: 60 });
    expect(() => cache.set('b', { bytes: 70 })).toThrow('spilled');
    expect(thread.caches.totalBytes).toBe(cache.calculatedSize);
    expect(() => cache.clear()).toThrow('spilled');
    expect(thread.caches.totalBytes).toBe(0);
    expect(registration.bytes).toBe(0);
  });

  it('leaves alone what somebody else has laid over its methods since', () => {
    const cache = make(Lru, { max: 3 }, []);
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    const watchedGet = cache.get;
    const spy = vi.fn((name: string) => watchedGet.call(cache, name));
    cache.get = spy as unknown as Cache['get'];
    registration.unregister();
    cache.set('a', { bytes: 1 });
    expect(cache.get('a')?.bytes).toBe(1);
    expect(spy).toHaveBeenCalledOnce();
    expect(Object.hasOwn(cache, 'set')).toBe(false);
  });

  it('covers methods that the cache had of its own, and gives them back', () => {
    const cache = make(Lru, { max: 3 }, []);
    const spy = vi.fn((name: string) => Lru.prototype.get.call(cache, name));
    cache.get = spy as unknown as Cache['get'];
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    cache.get('a');
    expect(spy).toHaveBeenCalledOnce();
    expect(registration.stats.misses).toBe(1);
    registration.unregister();
    expect(cache.get).toBe(spy);
  });

  it.each<[string, (cache: Cache, name: string, value: Entry, options?: object) => void, object]>([
    [
      'deletes first',
      (cache, name, value) => {
        cache.delete(name);
        Lru.prototype.set.call(cache, name, value);
      },
      { own: 2 },
    ],
    [
      'maps the key',
      (cache, name, value, options) => Lru.prototype.set.call(cache, `p:${name}`, value, options),
      { own: 2 },
    ],
    [
      'puts if absent',
      (cache, name, value, options) => cache.has(name) || Lru.prototype.set.call(cache, name, value, options),
      { own: 2 },
    ],
    ['puts nothing', () => undefined, { own: 0 }],
  ])('counts a put of a derived class once, where it %s', (_what, put, evictions) => {
    class Derived extends Lru<string, Entry> {
      override set(name: string, value: Entry, options?: object): this {
        put(this as unknown as Cache, name, value, options);
        return this;
      }
    }
    const cache = new Derived({ maxSize: 100, sizeCalculation: (entry) => entry.bytes });
    const registration = thread.caches.register(cache, { name: 'lru' });
    for (const name of ['a', 'b', 'b', 'c', 'd']) cache.set(name, { bytes: 40 });
    expect(registration.stats).toMatchObject({ puts: 5, bytes: cache.calculatedSize, evictions });
  });

  it('counts a read of a derived class once', () => {
    class Defaulting extends Lru<string, Entry> {
      override get(name: string): Entry | undefined {
        return name === 'default' ? super.get(name) : (super.get(name) ?? this.get('default'));
      }
    }
    const cache = new Defaulting({ max: 3 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    cache.set('default', { bytes: 1 });
    cache.get('a');
    expect(registration.stats).toMatchObject({ hits: 1, misses: 0 });
  });

  it('evicts nothing while a size is asked for, and counts what is done meanwhile for nothing', () => {
    const other = make(Lru, { max: 3 }, []);
    thread.caches.register(other, { name: 'other', sizeOf: () => 1 });
    const cache: Cache = new Lru<string, Entry>({
      maxSize: 100,
      sizeCalculation: (entry) => {
        if (cache.size === 2) thread.order({ 1: 1000 });
        other.get('a');
        cache.get('a');
        return entry.bytes;
      },
    });
    const registration = thread.caches.register(cache, { name: 'lru' });
    for (const name of ['a', 'b', 'c']) cache.set(name, { bytes: 30 });
    expect(registration.stats).toMatchObject({ hits: 0, misses: 0, puts: 3, evictions: { own: 0, pressure: 3 } });
  });

  it('is refused where it is a proxy that binds methods, and counted where its target is registered', () => {
    const target = make(Lru, { maxSize: 100, sizeCalculation: (entry) => entry.bytes }, []);
    const cache = new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name, object);
        return typeof value === 'function' ? value.bind(object) : value;
      },
    });
    expect(() => thread.caches.register(cache, { name: 'lru' })).toThrow(/register its target/);
    expect(Object.getPrototypeOf(target)).toBe(Lru.prototype);
    thread.caches.register(target, { name: 'lru' });
    cache.set('a', { bytes: 40 });
    expect(thread.caches.totalBytes).toBe(40);
  });

  it('counts a read once that goes through what was left over from an earlier registration', () => {
    const cache = make(Lru, { max: 3 }, []);
    const first = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    const covered = cache.get;
    cache.get = ((name: string) => covered.call(cache, name)) as Cache['get'];
    first.unregister();
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    cache.set('a', { bytes: 1 });
    cache.get('a');
    expect(registration.stats).toMatchObject({ hits: 1, misses: 0 });
  });

  it.each([
    ['by size', { maxSize: 100, sizeCalculation: (entry: Entry) => entry.bytes, ...CALLING_NOBODY }, {}],
    [
      'by size and number',
      { max: 9, maxSize: 100, sizeCalculation: (entry: Entry) => entry.bytes, ...CALLING_NOBODY },
      {},
    ],
    ['by number', { max: 9, ...CALLING_NOBODY }, { sizeOf: (entry: Entry) => entry.bytes }],
  ])(
    'is counted where it is registered, also by methods that are left over from another runtime: limited %s',
    (_what, limits, sizeOf) => {
      const cache = make(Lru, limits, []);
      const other = new CachesUnderTest();
      try {
        const registration = other.caches.register(cache, { name: 'lru', ...sizeOf });
        const { get, set } = cache;
        registration.unregister();
        const second = thread.caches.register(cache, { name: 'lru', ...sizeOf });
        set.call(cache, 'a', { bytes: 30 });
        set.call(cache, 'b', { bytes: 20 });
        expect([thread.caches.totalBytes, other.caches.totalBytes]).toEqual([50, 0]);
        thread.order({ 0: 25 });
        expect(get.call(cache, 'b')?.bytes).toBe(20); // sees the order, which takes a
        expect(thread.caches.totalBytes).toBe(20);
        expect(second.stats).toMatchObject({ bytes: 20, puts: 2, hits: 1, evictions: { own: 0, pressure: 1 } });
      } finally {
        other.close();
      }
    },
  );

  it('leaves alone what stands in for a method and is none', () => {
    const cache = make(Lru, { max: 3 }, []);
    Object.defineProperty(cache, 'memo', { value: undefined, configurable: true, writable: true });
    thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    expect(cache.memo).toBeUndefined();
  });

  it('does not hand a patch of one cache on to those that are registered later', () => {
    const first = make(Lru, { max: 3 }, []);
    const second = make(Lru, { max: 3 }, []);
    thread.caches.register(first, { name: 'first', sizeOf: () => 1 });
    const spy = vi.fn(() => undefined);
    Object.defineProperty(Object.getPrototypeOf(first), 'get', { value: spy, configurable: true });
    thread.caches.register(second, { name: 'second', sizeOf: () => 1 });
    second.get('a');
    expect(spy).not.toHaveBeenCalled();
  });

  it.each([
    ['frozen', Object.freeze],
    ['sealed', Object.seal],
  ])('can be unregistered after it was %s, and works on', (_what, close) => {
    const cache = make(Lru, { max: 3 }, []);
    cache.get = Lru.prototype.get;
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
    close(cache);
    registration.unregister();
    cache.set('a', { bytes: 1 });
    expect(cache.get('a')?.bytes).toBe(1);
    expect(registration.stats).toMatchObject({ puts: 0, hits: 0 });
  });

  it('calls what the class was patched with before the registration', () => {
    class Patched extends Lru<string, Entry> {}
    const register = (name: string) => {
      const cache = new Patched({ max: 3 });
      thread.caches.register(cache, { name, sizeOf: () => 1 });
      return cache;
    };
    register('first');
    const spy = vi.fn(() => undefined);
    Object.defineProperty(Patched.prototype, 'get', { value: spy });
    register('second').get('a');
    expect(spy).toHaveBeenCalledOnce();
  });

  it.each(Object.entries(UNHEARD))(
    'gives options that it goes on using to nobody who has patched the class: %s',
    (_name, options) => {
      const get = vi.spyOn(Lru.prototype, 'get');
      const set = vi.spyOn(Lru.prototype, 'set');
      try {
        const cache = make(Lru, options, []);
        thread.caches.register(cache, { name: 'lru', ...sizeOfFor(options) });
        cache.set('a', { bytes: 1 });
        cache.get('a');
        const given = [
          ...set.mock.calls.map(([, , options]) => options),
          ...get.mock.calls.map(([, options]) => options),
        ];
        expect(given).toEqual([undefined, undefined]);
      } finally {
        get.mockRestore();
        set.mockRestore();
      }
    },
  );

  it('counts what goes for a put of a class that was patched with one that passes no options on', () => {
    const { set } = Lru.prototype;
    const patch = vi.spyOn(Lru.prototype, 'set').mockImplementation(function (this: Cache, key, value) {
      return set.call(this, key, value);
    });
    try {
      const cache = make(Lru, { max: 2 }, []);
      const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 1 });
      for (const key of ['a', 'b', 'c']) cache.set(key, { bytes: 1 });
      expect(registration.stats).toMatchObject({ bytes: 2, puts: 3, evictions: { own: 1 } });
    } finally {
      patch.mockRestore();
    }
  });

  it('weighs as it was told, also by a method that is left over from when the cache kept the sizes', () => {
    const cache = make(Lru, { maxSize: 100, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY }, []);
    const first = thread.caches.register(cache, { name: 'lru' });
    const { set } = cache;
    first.unregister();
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: (value) => 1000 * value.bytes });
    cache.set('a', { bytes: 1 });
    set.call(cache, 'a', { bytes: 2 });
    expect(registration.bytes).toBe(2000);
  });

  it.each([{}, { max: 5 }])('counts no eviction where asking for a size changes the order of use: %o', (limit) => {
    const cache: Cache = new Lru<string, Entry>({
      ...limit,
      maxSize: 100,
      sizeCalculation: (entry) => {
        cache.get('a');
        return entry.bytes;
      },
    });
    const registration = thread.caches.register(cache, { name: 'lru' });
    for (const key of ['a', 'b', 'c', 'c', 'a']) cache.set(key, { bytes: 1 });
    expect(registration.stats).toMatchObject({ bytes: 3, entries: 3, evictions: { own: 0 } });
  });

  it('counts nothing for an undefined key that is deleted', () => {
    const cache = make(Lru, { maxSize: 100, sizeCalculation: (entry) => entry.bytes, ...CALLING_NOBODY }, []);
    const registration = thread.caches.register(cache, { name: 'lru' });
    const key = undefined as unknown as string;
    cache.set(key, { bytes: 1 });
    cache.set(key, undefined as unknown as Entry);
    expect(registration.stats).toMatchObject({ bytes: 0, entries: 0, evictions: { own: 0 } });
  });

  it('has the shape of all that are registered, and of all that were', () => {
    const [first, second] = [make(Lru, { max: 3 }, []), make(Lru, { max: 3 }, [])];
    for (let round = 0; round < 2; round++) {
      const registrations = [first, second].map((cache, index) =>
        thread.caches.register(cache, { name: `lru ${index}`, sizeOf: () => 1 }),
      );
      expect(haveSameShape(first, second)).toBe(true);
      for (const registration of registrations) registration.unregister();
      expect(haveSameShape(first, second)).toBe(true);
    }
  });

  it('is counted again when it is registered again', () => {
    const cache = make(Lru, { max: 3 }, []);
    thread.caches.register(cache, { name: 'lru', sizeOf: () => 5 }).unregister();
    cache.set('a', { bytes: 1 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 5 });
    cache.set('b', { bytes: 1 });
    expect(registration.bytes).toBe(10);
  });
});

describe.each(Object.entries(VERSIONS))('fetching with %s', (_version, Lru) => {
  let thread: CachesUnderTest;
  beforeEach(() => {
    thread = new CachesUnderTest();
  });
  afterEach(() => thread.close());

  const fetching = (options: Options) =>
    new Lru<string, Entry>({
      fetchMethod: async (name: string) => {
        await new Promise(setImmediate);
        if (name === 'bad') throw new Error('no such thing');
        return { bytes: name.length };
      },
      ...options,
    } as LRUCache11.Options<string, Entry, unknown>);

  it.each([
    ['sized', { maxSize: 100, sizeCalculation: (entry: Entry) => entry.bytes }, {}],
    ['unsized', { max: 3 }, { sizeOf: (value: Entry) => value.bytes }],
  ])('counts what arrives later, %s', async (_, options, registerOptions) => {
    const cache = fetching(options);
    const registration = thread.caches.register(cache, { name: 'lru', ...registerOptions });
    const both = Promise.all([cache.fetch('four'), cache.fetch('four'), cache.fetch('sixsix')]);
    expect(registration.bytes).toBe(cache.calculatedSize); // 0, or what the cache itself counts for a fetch under way
    expect((await both).map((entry) => entry?.bytes)).toEqual([4, 4, 6]);
    expect(registration.bytes).toBe(10);
    expect(await cache.fetch('four')).toEqual({ bytes: 4 });
    await cache.fetch('four', { forceRefresh: true });
    await cache.fetch('a');
    await cache.fetch('bb');
    expect(registration.bytes).toBe(trueBytes(cache));
    expect(registration.stats).toMatchObject({ entries: cache.size });
    expect(registration.stats.hits).toBeGreaterThan(0);
    expect(thread.sizeFaults).toEqual([]);
  });

  it('rejects as before, and counts nothing for it', async () => {
    const cache = fetching({ max: 3 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: () => 5 });
    await expect(cache.fetch('bad')).rejects.toThrow('no such thing');
    expect(registration.bytes).toBe(0);
    expect(cache.size).toBe(0);
  });

  it('counts no eviction when a value is put over one that is on its way', async () => {
    const cache = fetching({ max: 3 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: (value) => value.bytes });
    const coming = cache.fetch('four').catch(() => undefined);
    cache.set('four', { bytes: 9 });
    await coming;
    expect(registration.stats).toMatchObject({ bytes: 9, entries: 1, evictions: { own: 0 } });
  });

  it('fills in the status of the caller', async () => {
    const cache = fetching({ max: 3 });
    thread.caches.register(cache, { name: 'lru', sizeOf: () => 5 });
    const status: LRUCache11.Status<string, Entry> = {} as LRUCache11.Status<string, Entry>;
    await cache.fetch('four', { status });
    expect(status.fetch).toBe('miss');
  });

  it('pays with what has arrived while more is on its way', async () => {
    const cache = fetching({ max: 10 });
    const registration = thread.caches.register(cache, { name: 'lru', sizeOf: (value) => value.bytes });
    await Promise.all(['aaaa', 'bbbb', 'cccc'].map((name) => cache.fetch(name)));
    const later = cache.fetch('dddd');
    thread.order({ 0: 8 });
    cache.get('cccc');
    expect(registration.bytes).toBe(4);
    expect(await later).toEqual({ bytes: 4 });
    expect(registration.bytes).toBe(trueBytes(cache));
  });
});

describe('the diagnostics of lru-cache 11', () => {
  const ways = { ...UNHEARD, 'calling back': { max: 9 } };
  it.each(Object.entries(ways))(
    'have a status for each operation, and none once nobody listens: %s',
    async (_name, options) => {
      const { channel } = await import('node:diagnostics_channel');
      const seen: LRUCache11.Status<string, Entry>[] = [];
      const listener = (message: unknown) => seen.push(message as LRUCache11.Status<string, Entry>);
      const metrics = channel('lru-cache:metrics');
      const thread = new CachesUnderTest();
      try {
        const cache = make(LRUCache11, options, []);
        thread.caches.register(cache, { name: 'lru', ...sizeOfFor(options) });
        const use = () => {
          cache.set('a', { bytes: 1 });
          cache.get('a');
          cache.get('b');
          cache.set('b', { bytes: 2 });
        };
        use();
        metrics.subscribe(listener);
        use();
        metrics.unsubscribe(listener);
        const shown = seen.map((status) => ({ ...status }));
        use();
        expect(seen.map((status) => ({ ...status }))).toEqual(shown);
        expect(new Set(seen).size).toBe(4);
        expect(seen.map(({ get, set }) => get ?? set)).toEqual(['replace', 'hit', 'hit', 'replace']);
        const { size, maxSize } = cache;
        const isSized = maxSize > 0;
        expect(seen.filter((status) => 'entrySize' in status)).toHaveLength(isSized ? size : 0); // none that is ours
      } finally {
        metrics.unsubscribe(listener);
        thread.close();
      }
    },
  );

  it('tell of the operations of the user alone', async () => {
    const { channel } = await import('node:diagnostics_channel');
    const seen: string[] = [];
    const ours: unknown[] = [];
    const listener = (message: unknown) => {
      seen.push(String((message as { op?: string }).op));
      if ('entrySize' in (message as object)) ours.push(message); // the cache keeps no sizes
    };
    const metrics = channel('lru-cache:metrics');
    metrics.subscribe(listener);
    const thread = new CachesUnderTest();
    try {
      const cache = new LRUCache11<string, Entry>({ max: 2, memoMethod: () => ({ bytes: 1 }) });
      thread.caches.register(cache, { name: 'lru', sizeOf: () => 5 });
      cache.set('a', { bytes: 1 });
      cache.set('b', { bytes: 1 });
      cache.get('a');
      cache.memo('a');
      thread.order({ 0: 5 });
      cache.get('a');
      expect(seen.filter((op) => op === 'has')).toEqual([]);
      expect(seen.filter((op) => op === 'get')).toHaveLength(2);
      expect(seen.filter((op) => op === 'set')).toHaveLength(2);
      expect(ours).toEqual([]);
    } finally {
      metrics.unsubscribe(listener);
      thread.close();
    }
  });
});
