import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byPriority, evictableBytes, type PlanCache, planEviction } from '#src/core/eviction-plan.js';

interface Named extends PlanCache {
  readonly name: string;
}

const cache = (name: string, priority: number, bytes: number, minBytes = 0): Named => ({
  name,
  priority,
  bytes,
  minBytes,
});

const planOf = (caches: Named[], demandBytes: number, respectFloors = true) =>
  Object.fromEntries(planEviction(caches, demandBytes, respectFloors).map((share) => [share.cache.name, share.bytes]));

describe('planEviction', () => {
  it('asks lower priorities first, each for what is still missing, and stops when the demand is met', () => {
    const caches = [cache('frame', 30, 500), cache('validation', 10, 100), cache('resize', 20, 300)];
    expect(planOf(caches, 50)).toEqual({ validation: 50 });
    expect(planOf(caches, 250)).toEqual({ validation: 100, resize: 150 });
    expect(planOf(caches, 1000)).toEqual({ validation: 100, resize: 300, frame: 500 });
  });

  it('takes a negative priority before zero', () => {
    expect(planOf([cache('a', 0, 10), cache('b', -5, 10)], 10)).toEqual({ b: 10 });
  });

  it('shares among equal priorities in proportion to what each can give', () => {
    expect(planOf([cache('a', 1, 300), cache('b', 1, 100)], 100)).toEqual({ a: 75, b: 25 });
    expect(planOf([cache('a', 1, 300, 200), cache('b', 1, 100)], 100)).toEqual({ a: 50, b: 50 });
  });

  it('respects floors, or passes over them when told to', () => {
    const caches = [cache('a', 1, 100, 80), cache('b', 2, 100, 100)];
    expect(planOf(caches, 150)).toEqual({ a: 20 });
    expect(planOf(caches, 150, false)).toEqual({ a: 100, b: 50 });
  });

  it('asks nobody for nothing', () => {
    expect(planEviction([cache('a', 1, 100)], 0, true)).toEqual([]);
    expect(planEviction([cache('a', 1, 100)], -5, true)).toEqual([]);
    expect(planEviction([cache('a', 1, 0), cache('b', 1, 10, 20)], 50, true)).toEqual([]);
    expect(planEviction([], 50, true)).toEqual([]);
  });

  const caches = fc.array(
    fc.record({
      name: fc.string(),
      priority: fc.integer({ min: -3, max: 3 }),
      bytes: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 50 })),
      minBytes: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1000 })),
    }),
    { maxLength: 12 },
  );
  const demand = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.double({ min: 0, max: 2 ** 50, noNaN: true }));

  it('asks for the demand, or for everything that can be given, in whole bytes', () => {
    fc.assert(
      fc.property(caches, demand, fc.boolean(), (all, demandBytes, respectFloors) => {
        const shares = planEviction(all, demandBytes, respectFloors);
        const planned = shares.reduce((sum, share) => sum + share.bytes, 0);
        const offered = all.reduce((sum, one) => sum + evictableBytes(one, respectFloors), 0);
        expect(planned).toBe(Math.min(Math.ceil(demandBytes), offered));
        expect(shares.every((share) => Number.isSafeInteger(share.bytes) && share.bytes > 0)).toBe(true);
      }),
    );
  });

  it('asks nobody twice, and nobody for more than it can give', () => {
    fc.assert(
      fc.property(caches, demand, fc.boolean(), (all, demandBytes, respectFloors) => {
        const shares = planEviction(all, demandBytes, respectFloors);
        expect(new Set(shares.map((share) => share.cache)).size).toBe(shares.length);
        for (const share of shares) expect(share.bytes).toBeLessThanOrEqual(evictableBytes(share.cache, respectFloors));
      }),
    );
  });

  it('touches a priority only when every lower one gives all it can', () => {
    fc.assert(
      fc.property(caches, demand, (all, demandBytes) => {
        const shares = planEviction(all, demandBytes, true);
        const worstAsked = Math.max(Number.NEGATIVE_INFINITY, ...shares.map((share) => share.cache.priority));
        for (const one of all.filter((candidate) => candidate.priority < worstAsked)) {
          const share = shares.find((candidate) => candidate.cache === one)?.bytes ?? 0;
          expect(share).toBe(evictableBytes(one, true));
        }
      }),
    );
  });

  it('keeps the proportions within a priority to a rounding', () => {
    const group = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(group, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (sizes, part) => {
        const all = sizes.map((bytes, index) => cache(String(index), 1, bytes));
        const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
        const demandBytes = Math.ceil(total * part);
        for (const [index, bytes] of sizes.entries()) {
          const share = planOf(all, demandBytes)[String(index)] ?? 0;
          expect(Math.abs(share - (bytes / total) * demandBytes)).toBeLessThanOrEqual(sizes.length);
        }
      }),
    );
  });
});

describe('byPriority', () => {
  it('puts the group that goes first in front and keeps the order inside', () => {
    const groups = byPriority([cache('a', 2, 1), cache('b', 1, 1), cache('c', 2, 1), cache('d', 1, 1)]);
    expect(groups.map((group) => group.map((one) => one.name))).toEqual([
      ['b', 'd'],
      ['a', 'c'],
    ]);
  });
});
