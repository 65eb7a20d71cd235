import { describe, expect, it } from 'vitest';
import { type HeapsView, heapGrowthPercent, V8_OWN_GROWTH } from '#src/core/heap-growth.js';
import { MIB } from '#src/core/units.js';

const BUFFERS: HeapsView = {
  threads: 1,
  isGrown: false,
  livingBytes: 16 * MIB,
  externalBytes: 256 * MIB,
  cacheBytes: 200 * MIB,
  limitBytes: 1024 * MIB,
};

describe('how far a heap may grow between two collections', () => {
  it('is 64 MiB of garbage where most of it is Buffers', () => {
    expect(heapGrowthPercent(BUFFERS)).toBe(400);
    expect(heapGrowthPercent({ ...BUFFERS, livingBytes: 32 * MIB })).toBe(200);
    expect(heapGrowthPercent({ ...BUFFERS, limitBytes: Number.POSITIVE_INFINITY })).toBe(400);
  });

  it('is an eighth of a smaller limit', () => {
    expect(heapGrowthPercent({ ...BUFFERS, limitBytes: 256 * MIB })).toBe(200);
  });

  it('is split among threads', () => {
    expect(heapGrowthPercent({ ...BUFFERS, threads: 2 })).toBe(200);
  });

  it('stays once it is set while the heap is little larger', () => {
    const heaps = { ...BUFFERS, livingBytes: 80 * MIB };
    expect(heapGrowthPercent(heaps)).toBe(V8_OWN_GROWTH);
    expect(heapGrowthPercent({ ...heaps, isGrown: true })).toBe(80);
    expect(heapGrowthPercent({ ...heaps, livingBytes: 92 * MIB, isGrown: true })).toBe(V8_OWN_GROWTH);
  });

  it('is for V8 to say where the heap is not small against the garbage, or not made of Buffers', () => {
    expect(
      heapGrowthPercent({ ...BUFFERS, livingBytes: 65 * MIB, externalBytes: 1024 * MIB, cacheBytes: 1024 * MIB }),
    ).toBe(V8_OWN_GROWTH);
    expect(heapGrowthPercent({ ...BUFFERS, livingBytes: 40 * MIB, externalBytes: 79 * MIB })).toBe(V8_OWN_GROWTH);
    expect(heapGrowthPercent({ ...BUFFERS, externalBytes: 63 * MIB })).toBe(V8_OWN_GROWTH);
    expect(heapGrowthPercent({ ...BUFFERS, livingBytes: 0 })).toBe(V8_OWN_GROWTH);
  });

  it('is for V8 to say where most Buffers are not in caches', () => {
    expect(heapGrowthPercent({ ...BUFFERS, cacheBytes: 128 * MIB })).toBe(400);
    expect(heapGrowthPercent({ ...BUFFERS, cacheBytes: 127 * MIB })).toBe(V8_OWN_GROWTH);
  });
});
