import { describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { PolicyInput, WatchedResource } from '#src/core/eviction-policy.js';
import { createLastCollection, type LastCollection } from '#src/core/policies/last-collection.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';

function bindingAt(usedMib: number, resource: Resource = 'container'): WatchedResource {
  return {
    resource,
    known: true,
    readUs: 0,
    usedBytes: usedMib * MIB,
    limitBytes: 1000 * MIB,
    thresholds: DEFAULT_THRESHOLDS,
    enableDelta: DEFAULT_ENABLE_DELTA,
  };
}

/** The last collection was seen at 1000 ms, with 820 MiB of the container used. */
function collected(): LastCollection {
  const last = createLastCollection();
  const add = (nowMs: number, collections: number, usedMib: number) =>
    last.add({ nowMs, collections } as PolicyInput, bindingAt(usedMib));
  add(900, 1, 700);
  add(1000, 2, 820);
  add(1050, 2, 830);
  return last;
}

describe('what came of the last collection', () => {
  it('may be on its way back for a tenth of a second, unless usage rises by a hundredth of the limit', () => {
    expect(collected().isReturning(1099, bindingAt(830))).toBe(true);
    expect(collected().isReturning(1100, bindingAt(830))).toBe(false);
    expect(collected().isReturning(1099, bindingAt(831))).toBe(false);
    expect(collected().isReturning(1099, bindingAt(800, 'system')), 'another resource').toBe(false);
  });

  it('was of no use where usage is higher than it was, for five seconds', () => {
    expect(collected().wasNoUse(5999, bindingAt(821))).toBe(true);
    expect(collected().wasNoUse(6000, bindingAt(821))).toBe(false);
    expect(collected().wasNoUse(2000, bindingAt(820))).toBe(false);
    expect(collected().wasNoUse(2000, bindingAt(900, 'system')), 'another resource').toBe(false);
  });

  it('is nothing before there was one', () => {
    const last = createLastCollection();
    last.add({ nowMs: 10, collections: 0 } as PolicyInput, bindingAt(900));
    expect(last.isReturning(20, bindingAt(900))).toBe(false);
    expect(last.wasNoUse(20, bindingAt(900))).toBe(false);
  });
});
