import { describe, expect, it } from 'vitest';
import { createRestingBytes } from '#src/core/resting-bytes.js';
import { MIB } from '#src/core/units.js';

/** Garbage that grows to `mostMib` and is collected again and again, beside what the program holds; readings in MiB. */
function* sawtooth(collections: number, mostMib: number, heldMib: (collection: number) => number) {
  for (let collection = 0; collection < collections; collection++) {
    for (let mib = 0; mib < mostMib; mib += 10) yield (heldMib(collection) + mib) * MIB;
  }
}

describe('what a thread holds beside its caches that is dead', () => {
  it('is what is above the least that it held', () => {
    const resting = createRestingBytes();
    expect([50, 80, 60, 110].map((mib) => resting.deadOf(mib * MIB) / MIB)).toEqual([0, 30, 10, 60]);
  });

  it('is nothing of what the program itself holds more and more of, as V8 collects', () => {
    const resting = createRestingBytes();
    let deadBytes = 0;
    for (const bytes of sawtooth(20, 100, (collection) => 50 + 10 * collection)) deadBytes = resting.deadOf(bytes);
    expect(deadBytes / MIB).toBe(110); // 90 of garbage, and what came in the last two collections
  });

  it('leaves out what one collection left behind', () => {
    const resting = createRestingBytes();
    const deadAfter = (heldMib: number) => {
      resting.deadOf(160 * MIB);
      return resting.deadOf(heldMib * MIB) / MIB;
    };
    expect([deadAfter(50), deadAfter(80), deadAfter(70), deadAfter(80)]).toEqual([0, 30, 20, 10]);
  });

  it('does not take a small fall for a collection', () => {
    const resting = createRestingBytes();
    resting.deadOf(50 * MIB);
    for (let time = 0; time < 10; time++) for (const mib of [150, 130]) resting.deadOf(mib * MIB);
    expect(resting.deadOf(150 * MIB)).toBe(100 * MIB);
  });

  it('begins anew with a collection that was asked for', () => {
    const resting = createRestingBytes();
    for (const mib of [50, 150]) resting.deadOf(mib * MIB);
    resting.collected();
    expect(resting.deadOf(120 * MIB)).toBe(0);
    expect(resting.deadOf(130 * MIB)).toBe(10 * MIB);
  });
});
