import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { PolicyInput, WatchedResource } from '#src/core/eviction-policy.js';
import { createRamps, type Ramps } from '#src/core/policies/ramps.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';

const LIMIT = 1000 * MIB;

function watched(resource: Resource, usedBytes: number, readMs: number): WatchedResource {
  return {
    resource,
    known: true,
    readUs: readMs * 1e3,
    usedBytes,
    limitBytes: LIMIT,
    thresholds: DEFAULT_THRESHOLDS,
    enableDelta: 0.05,
  };
}

describe('a ramp of others', () => {
  let ramps: Ramps;
  let nowMs: number;
  let heap: WatchedResource;

  beforeEach(() => {
    ramps = createRamps();
    nowMs = 0;
  });

  /** A sample, with a heap at `warning` that binds. @param change of what the caches took in, the limit, or when the container was read. */
  function seen(
    elapsedMs: number,
    usedMib: number,
    change: { takenMib?: number; readMs?: number; limitBytes?: number } = {},
  ) {
    nowMs += elapsedMs;
    heap = watched('heap', 0.75 * LIMIT, nowMs);
    const container = watched('container', usedMib * MIB, change.readMs ?? nowMs);
    const resources = [heap, { ...container, limitBytes: change.limitBytes ?? LIMIT }];
    const input: Pick<PolicyInput, 'resources' | 'binding' | 'cacheBytes' | 'evictedBytes' | 'growthBytesPerSecond'> = {
      resources,
      binding: heap,
      cacheBytes: (change.takenMib ?? 0) * MIB,
      evictedBytes: 0,
      growthBytesPerSecond: 0,
    };
    const { binding, growthBytesPerSecond } = ramps.next(input as PolicyInput, (_, perSecond) => perSecond > 300 * MIB);
    return { resource: binding?.resource, mibPerSecond: Math.round(growthBytesPerSecond / MIB) };
  }

  const calm = { resource: 'heap', mibPerSecond: 0 };

  it('binds, past warning, where a heap did, after two leaps in a row, at the slower of them', () => {
    seen(100, 600);
    expect(seen(100, 660)).toEqual(calm);
    expect(seen(100, 710)).toEqual({ resource: 'container', mibPerSecond: 500 });
    expect(seen(100, 711), 'and is over with the first sample that is none').toEqual(calm);
  });

  it('is none below warning, nor where it is no danger', () => {
    seen(100, 500);
    seen(100, 600);
    expect(seen(100, 699)).toEqual(calm);
    seen(100, 500);
    seen(200, 650);
    seen(6000, 500);
    seen(200, 650);
    expect(seen(1000, 720)).toEqual(calm);
  });

  it('is none that only leads where usage was within five seconds: garbage rises as fast', () => {
    seen(100, 760);
    seen(100, 600);
    seen(100, 680);
    expect(seen(100, 760)).toEqual(calm);
    seen(100, 600);
    seen(6000, 600);
    seen(100, 680);
    expect(seen(100, 760)).toEqual({ resource: 'container', mibPerSecond: 800 });
  });

  it('is none that the caches make themselves', () => {
    seen(100, 600);
    seen(100, 660, { takenMib: 35 });
    expect(seen(100, 720, { takenMib: 70 })).toEqual(calm);
  });

  it('is seen with what is read, not with every sample', () => {
    seen(100, 600);
    seen(100, 660);
    seen(10, 660, { readMs: 200 });
    expect(seen(90, 720)).toEqual({ resource: 'container', mibPerSecond: 600 });
    expect(seen(10, 720, { readMs: 300 }), 'it goes on until there is a new reading').toEqual({
      resource: 'container',
      mibPerSecond: 600,
    });
  });

  it('begins anew with another limit', () => {
    seen(100, 600);
    seen(100, 660);
    expect(seen(100, 720, { limitBytes: 900 * MIB })).toEqual(calm);
    expect(seen(100, 780, { limitBytes: 900 * MIB })).toEqual(calm);
  });
});
