import { describe, expect, it } from 'vitest';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { createHeapResidence } from '#src/core/policies/heap-residence.js';
import { MIB } from '#src/core/units.js';

/** A sample of a process with a heap of 256 MiB at the most. */
function seen(heapUsedMib: number, cacheMib: number, externalMib: number) {
  const heap = {
    resource: 'heap' as const,
    known: true,
    readUs: 0,
    usedBytes: heapUsedMib * MIB,
    limitBytes: 256 * MIB,
    thresholds: DEFAULT_THRESHOLDS,
    enableDelta: DEFAULT_ENABLE_DELTA,
  };
  return { resources: [heap], cacheBytes: cacheMib * MIB, externalBytes: externalMib * MIB };
}

describe('where caches are', () => {
  it('is the heap where it holds them and nothing outside could', () => {
    expect(createHeapResidence().next(seen(170, 150, 0))).toBe(true);
  });

  it('is outside where the heap holds less than half of them', () => {
    expect(createHeapResidence().next(seen(70, 150, 160))).toBe(false);
    expect(createHeapResidence().next(seen(70, 150, 0))).toBe(false);
  });

  it('stays what it was while others fill the heap, or allocate Buffers', () => {
    const objects = createHeapResidence();
    objects.next(seen(170, 150, 0));
    expect(objects.next(seen(170, 150, 160))).toBe(true);
    const buffers = createHeapResidence();
    buffers.next(seen(10, 150, 160));
    expect(buffers.next(seen(170, 150, 160))).toBe(false);
    expect(createHeapResidence().next(seen(170, 150, 160)), 'outside, until it is known').toBe(false);
  });

  it('is not judged by caches that hold next to nothing', () => {
    const objects = createHeapResidence();
    objects.next(seen(170, 150, 0));
    expect(objects.next(seen(5, 20, 160))).toBe(true);
    expect(createHeapResidence().next(seen(30, 20, 0))).toBe(false);
  });

  it('is judged by 32 MiB in a heap that may be large', () => {
    const small = seen(40, 33, 0);
    const large = { ...small, resources: small.resources.map((heap) => ({ ...heap, limitBytes: 4096 * MIB })) };
    expect(createHeapResidence().next(large)).toBe(true);
  });

  it('changes with the caches', () => {
    const caches = createHeapResidence();
    caches.next(seen(170, 150, 0));
    expect(caches.next(seen(40, 150, 160))).toBe(false);
    expect(caches.next(seen(170, 150, 0))).toBe(true);
  });

  it('is not known where no heap is, or each thread has its own', () => {
    const objects = createHeapResidence();
    objects.next(seen(170, 150, 0));
    expect(objects.next({ ...seen(170, 150, 0), resources: [] })).toBe(false);
  });
});
