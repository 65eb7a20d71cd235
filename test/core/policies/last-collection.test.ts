import { describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { WatchedResource } from '#src/core/eviction-policy.js';
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

/** The container came from 850 to 820 MiB by a collection that was seen at 1000 ms. */
function collected(): LastCollection {
  const last = createLastCollection();
  last.add({ nowMs: 900, collections: 7, resources: [bindingAt(850)] });
  last.add({ nowMs: 1000, collections: 8, resources: [bindingAt(820)] });
  last.add({ nowMs: 1050, collections: 8, resources: [bindingAt(825)] });
  return last;
}

describe('what came of the last collection', () => {
  it('may be on its way back for a tenth of a second, unless usage rises by a hundredth of the limit', () => {
    expect(collected().isReturning(1099, bindingAt(830))).toBe(true);
    expect(collected().isReturning(1100, bindingAt(830))).toBe(false);
    expect(collected().isReturning(1099, bindingAt(831))).toBe(false);
    expect(collected().isReturning(1099, bindingAt(800, 'system')), 'another resource').toBe(false);
  });

  it('was of no use where usage is higher than before it, for five seconds', () => {
    expect(collected().wasNoUse(5999, bindingAt(851))).toBe(true);
    expect(collected().wasNoUse(6000, bindingAt(851))).toBe(false);
    expect(collected().wasNoUse(2000, bindingAt(850)), 'others took what it returned').toBe(false);
    expect(collected().wasNoUse(2000, bindingAt(900, 'system')), 'another resource').toBe(false);
  });

  it('is nothing before there was one, also where others collected before', () => {
    const last = createLastCollection();
    last.add({ nowMs: 10, collections: 57, resources: [bindingAt(800)] });
    last.add({ nowMs: 20, collections: 50, resources: [bindingAt(800)] });
    expect(last.isReturning(30, bindingAt(800))).toBe(false);
    expect(last.wasNoUse(30, bindingAt(900))).toBe(false);
  });
});
