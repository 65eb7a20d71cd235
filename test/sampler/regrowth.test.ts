import { afterEach, expect, it } from 'vitest';
import { createPolicy } from '#src/core/policies/create.js';
import { MIB } from '#src/core/units.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { containerOf, sourcesOf } from '../support/sources.js';
import { CachesUnderTest, stillEngine } from '../support/thread-caches.js';

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/** A sampler that uses half of its core, in a container that was used to `pressedMib` of 1000 and then to 400. */
function afterFall(pressedMib: number, autoEviction = true) {
  let nowMs = 1000;
  let usedMib = pressedMib;
  let reads = 0;
  const thread = new CachesUnderTest({ engine: stillEngine(() => nowMs * 1e3) });
  open.push(thread);
  thread.caches.register(new CountedCache(100 * MIB), { name: 'cache' });
  const container = containerOf(1000 * MIB, () => {
    reads++;
    return usedMib * MIB;
  });
  const sampler = new Sampler(
    thread.words,
    resolveOptions({ collectGarbage: 'never', autoEviction }, {}).settings,
    sourcesOf({ sources: [container] }),
    createPolicy,
    () => undefined,
    () => nowMs * 1e3,
  );
  let cpuUs = 0;
  const sample = (elapsedMs: number, asked = false) => {
    nowMs += elapsedMs;
    const delayMs = sampler.sample(0, cpuUs, asked);
    thread.caches.payNow();
    sampler.paid();
    return delayMs;
  };
  for (let count = 0; count < 400; count++) {
    cpuUs += 50e3;
    sample(100, true);
  }
  usedMib = 400;
  return { delayMs: sample(100, true), sample, reads: () => reads };
}

it('looks at the caches every 150 ms for a while after pressure is over, though the sampler has used up its CPU time', () => {
  const { delayMs, sample, reads } = afterFall(850);
  expect(delayMs).toBe(150);
  const before = reads();
  for (let look = 1; look <= 10; look++) {
    expect(sample(150)).toBe(150);
    expect(reads()).toBe(before + look);
  }
  for (let look = 11; look < 14; look++) sample(150);
  expect(sample(150)).toBeGreaterThan(1000);
});

it.each([
  ['there was none that the caches give for', 720, true],
  ['they do not give by themselves', 850, false],
] as const)('does not where %s', (_, pressedMib, autoEviction) => {
  expect(afterFall(pressedMib, autoEviction).delayMs).toBeGreaterThan(1000);
});
