import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CachesUnderTest } from '../../support/thread-caches.js';

interface Entry {
  readonly bytes: number;
}

type Operation = ['set' | 'get' | 'has' | 'delete' | 'clear', string, number];

function apply(map: Map<string, Entry>, [name, key, bytes]: Operation): unknown {
  switch (name) {
    case 'set':
      return map.set(key, { bytes }) === map;
    case 'get':
      return map.get(key)?.bytes;
    case 'has':
    case 'delete':
      return map[name](key);
    case 'clear':
      return map.clear();
  }
}

const portrait = (map: Map<string, Entry>) => {
  const seen: string[] = [];
  map.forEach((_, key) => {
    seen.push(key);
  });
  return { seen, keys: [...map.keys()], entries: [...map].map(([key, value]) => [key, value.bytes]), size: map.size };
};

const operation: fc.Arbitrary<Operation> = fc.tuple(
  fc.constantFrom('set' as const, 'set' as const, 'get' as const, 'has' as const, 'delete' as const, 'clear' as const),
  fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  fc.integer({ min: 0, max: 80 }),
);

const sum = (map: Map<string, Entry>) => [...map.values()].reduce((bytes, value) => bytes + value.bytes, 0);

describe('a Map', () => {
  let thread: CachesUnderTest;
  beforeEach(() => {
    thread = new CachesUnderTest();
  });
  afterEach(() => thread.close());

  const sizeOf = (value: Entry) => value.bytes;

  it('behaves as before: answers, order, iteration', () => {
    fc.assert(
      fc.property(fc.array(operation), (sequence) => {
        const [bare, watched] = [new Map<string, Entry>(), new Map<string, Entry>()];
        using registration = thread.caches.register(watched, { name: 'map', sizeOf });
        for (const step of sequence) {
          expect(apply(watched, step)).toEqual(apply(bare, step));
          expect(portrait(watched)).toEqual(portrait(bare));
        }
        registration.unregister();
        expect(portrait(watched)).toEqual(portrait(bare));
        expect(Object.getOwnPropertyNames(watched)).toEqual([]);
      }),
    );
  });

  it('is counted to the byte after every operation, also while it is made to pay', () => {
    const pressed = fc.array(fc.tuple(operation, fc.option(fc.integer({ min: 1, max: 200 }), { freq: 3 })));
    fc.assert(
      fc.property(pressed, (sequence) => {
        const map = new Map<string, Entry>();
        using registration = thread.caches.register(map, { name: 'map', sizeOf });
        for (const [step, owedBytes] of sequence) {
          if (owedBytes !== null) thread.order({ 0: owedBytes });
          apply(map, step);
          expect(registration.bytes).toBe(sum(map));
          expect(thread.caches.totalBytes).toBe(sum(map));
        }
      }),
    );
    expect(thread.faults).toEqual([]);
  });

  it('gives what was used longest ago, and stays in the order of insertion', () => {
    const map = new Map<string, Entry>();
    const registration = thread.caches.register(map, { name: 'map', sizeOf });
    for (const key of ['a', 'b', 'c', 'd', 'e']) map.set(key, { bytes: 10 });
    map.get('a');
    map.get('c');
    thread.order({ 0: 25 });
    map.get('e'); // the read counts first, then the page is looked at
    expect([...map.keys()]).toEqual(['c', 'e']);
    expect(registration.stats).toMatchObject({ bytes: 20, entries: 2, evictions: { own: 0, pressure: 3 } });
  });

  it('counts what it held when it was registered, and measures buffers by itself', () => {
    const map = new Map<string, Buffer>([['a', Buffer.alloc(100)]]);
    const registration = thread.caches.register(map, { name: 'map' });
    map.set('b', Buffer.alloc(50));
    expect(registration.bytes).toBe(150);
    map.set('b', Buffer.alloc(5));
    expect(registration.bytes).toBe(105);
  });

  it('is kept under its own limit', () => {
    const map = new Map<number, Buffer>();
    const registration = thread.caches.register(map, { name: 'map', maxBytes: '1KiB' });
    for (let key = 0; key < 100; key++) {
      map.set(key, Buffer.alloc(100));
      expect(registration.bytes).toBeLessThanOrEqual(1024);
    }
    expect([...map.keys()]).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    expect(registration.stats.evictions).toEqual({ own: 90, pressure: 0 });
  });

  it('of a subclass works as one', () => {
    class Doubling extends Map<string, number> {
      override get(key: string): number | undefined {
        const value = super.get(key);
        return value === undefined ? undefined : value * 2;
      }
    }
    const map = new Doubling([['a', 21]]);
    const registration = thread.caches.register(map, { name: 'map', sizeOf: () => 8 });
    expect(map.get('a')).toBe(42);
    map.set('b', 1);
    expect(registration.bytes).toBe(16);
    registration.unregister();
    expect(map.get('b')).toBe(2);
    expect(Object.getOwnPropertyNames(map)).toEqual([]);
  });

  it.runIf('getOrInsert' in Map.prototype)('counts what getOrInsert and getOrInsertComputed put', () => {
    const map = new Map<string, Entry>() as Map<string, Entry> & {
      getOrInsert(key: string, value: Entry): Entry;
      getOrInsertComputed(key: string, make: (key: string) => Entry): Entry;
    };
    const registration = thread.caches.register(map, { name: 'map', sizeOf });
    expect(map.getOrInsert('a', { bytes: 10 }).bytes).toBe(10);
    expect(map.getOrInsert('a', { bytes: 99 }).bytes).toBe(10);
    expect(map.getOrInsertComputed('b', () => ({ bytes: 5 })).bytes).toBe(5);
    expect(registration.bytes).toBe(15);
    expect(registration.stats).toMatchObject({ hits: 1, misses: 2 });
  });
});
