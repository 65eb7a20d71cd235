import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { PolicyInput, WatchedResource } from '#src/core/eviction-policy.js';
import type { Level } from '#src/core/level.js';
import { asBinding, createRamps, type Ramps } from '#src/core/policies/ramps.js';
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

  beforeEach(() => {
    ramps = createRamps();
    nowMs = 0;
  });

  /** A sample. @param change of what the caches took in, the limit, or when the container was read. @returns MiB per second: all, and others'. */
  function seen(
    elapsedMs: number,
    usedMib: number,
    change: {
      takenMib?: number;
      readMs?: number;
      limitBytes?: number;
      machineMib?: number;
      binding?: Resource;
      level?: Level;
    } = {},
  ) {
    nowMs += elapsedMs;
    const container = watched('container', usedMib * MIB, change.readMs ?? nowMs);
    const resources = [
      watched('heap', 0.75 * LIMIT, nowMs),
      watched('system', (change.machineMib ?? 100) * MIB, nowMs),
      { ...container, limitBytes: change.limitBytes ?? LIMIT },
    ];
    const binding = resources.find(({ resource }) => resource === (change.binding ?? 'heap')) ?? null;
    const input: Pick<PolicyInput, 'resources' | 'binding' | 'level' | 'cacheBytes' | 'evictedBytes'> = {
      resources,
      binding,
      level: change.level ?? 'warning',
      cacheBytes: (change.takenMib ?? 0) * MIB,
      evictedBytes: 0,
    };
    const danger = ramps.next(input as PolicyInput, (_, perSecond) => perSecond > 300 * MIB);
    if (danger === null) return null;
    const { growthBytesPerSecond, foreignBytesPerSecond } = danger;
    const rates = [growthBytesPerSecond, foreignBytesPerSecond].map((bytes) => Math.round(bytes / MIB));
    return [danger.watched.resource, ...rates];
  }

  it('is told past warning after two rises in a row, with the slower of them', () => {
    seen(100, 600);
    expect(seen(100, 660)).toBeNull();
    expect(seen(100, 710)).toEqual(['container', 500, 500]);
    expect(seen(100, 711), 'and is over with the first that is none').toBeNull();
  });

  it('is seen as soon with readings every 10 ms, each of which rises by less', () => {
    seen(100, 650);
    const dangers = Array.from({ length: 10 }, (_, step) => seen(10, 650 + 9 * (step + 1)));
    expect(dangers.findIndex((danger) => danger !== null)).toBe(7);
    expect(dangers[9]).toEqual(['container', 900, 900]);
  });

  it('is none that comes in one burst', () => {
    for (let ms = 0; ms < 100; ms += 10) seen(10, 600);
    for (let ms = 0; ms < 100; ms += 10) expect(seen(10, 800)).toBeNull();
  });

  it('is none below warning, nor where it is no danger', () => {
    seen(100, 500);
    seen(100, 600);
    expect(seen(100, 699)).toBeNull();
    seen(6000, 500);
    seen(200, 650);
    expect(seen(1000, 720)).toBeNull();
  });

  it('is none that only leads where usage was within five seconds: garbage rises as fast', () => {
    seen(100, 760);
    seen(100, 600);
    seen(100, 680);
    expect(seen(100, 760)).toBeNull();
    seen(100, 600);
    seen(6000, 600);
    seen(100, 680);
    expect(seen(100, 760)).toEqual(['container', 800, 800]);
  });

  it('is none that the caches make themselves, and theirs is no part of what others do', () => {
    seen(100, 600);
    seen(100, 660, { takenMib: 35 });
    expect(seen(100, 720, { takenMib: 70 })).toBeNull();
    seen(6000, 600);
    seen(100, 660, { takenMib: 10 });
    expect(seen(100, 720, { takenMib: 20 })).toEqual(['container', 600, 450]);
  });

  it('does not take for others what the caches let go', () => {
    seen(100, 600, { takenMib: 300 });
    seen(100, 640, { takenMib: 100 });
    expect(seen(100, 705)).toEqual(['container', 400, 400]);
  });

  it('is seen with what is read, not with every sample', () => {
    seen(100, 600);
    seen(100, 660);
    seen(10, 660, { readMs: 200 });
    expect(seen(90, 720)).toEqual(['container', 600, 600]);
    expect(seen(10, 720, { readMs: 300 }), 'it goes on until there is a new reading').toEqual(['container', 600, 600]);
  });

  it('begins anew with another limit', () => {
    seen(100, 600);
    seen(100, 660);
    expect(seen(100, 720, { limitBytes: 900 * MIB })).toBeNull();
    expect(seen(100, 780, { limitBytes: 900 * MIB })).toBeNull();
  });

  it('does not bind where another resource is worse, but for a heap that is not at its end', () => {
    const rising = (change: { binding: Resource; level: Level }) => {
      ramps = createRamps();
      nowMs = 0;
      for (const usedMib of [600, 660]) seen(100, usedMib, { machineMib: usedMib, ...change });
      return seen(100, 720, { machineMib: 760, ...change })?.[0];
    };
    expect(rising({ binding: 'heap', level: 'critical' })).toBe('system');
    expect(rising({ binding: 'heap', level: 'emergency' })).toBeUndefined();
    expect(rising({ binding: 'process', level: 'warning' })).toBe('system');
    expect(rising({ binding: 'container', level: 'critical' }), 'though the machine has less time').toBe('container');
  });

  it('does not slow down what is known to grow faster', () => {
    const container = watched('container', 720 * MIB, 0);
    const danger = { watched: container, growthBytesPerSecond: 500, foreignBytesPerSecond: 400 };
    const asSeen = (binding: WatchedResource) =>
      asBinding(danger, { binding, growthBytesPerSecond: 900 } as PolicyInput);
    expect(asSeen(container)).toEqual({ binding: container, growthBytesPerSecond: 900 });
    expect(asSeen(watched('heap', 0, 0))).toEqual({ binding: container, growthBytesPerSecond: 500 });
  });

  it('is told of the resource that has the least time', () => {
    seen(100, 600, { machineMib: 600 });
    seen(100, 660, { machineMib: 700 });
    expect(seen(100, 720, { machineMib: 800 })).toEqual(['system', 1000, 1000]);
  });
});
