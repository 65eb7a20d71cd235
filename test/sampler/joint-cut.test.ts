import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyDecision } from '#src/core/eviction-policy.js';
import { MIB } from '#src/core/units.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { containerOf, sourcesOf } from '../support/sources.js';
import { CachesUnderTest, stillEngine } from '../support/thread-caches.js';

const LIMIT_MIB = 1000;
const HELD_MIB = 300;

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/** Two threads with a cache of 300 MiB each, the first of which goes first, and a policy that does as it is told. */
function watchThreads() {
  let nowMs = 1000;
  const words = createPage();
  const threads = [10, 20].map((priority, id) => {
    const thread = new CachesUnderTest({ engine: stillEngine(() => nowMs * 1e3) }, words, id);
    open.push(thread);
    const cache = new CountedCache(HELD_MIB * MIB);
    thread.caches.register(cache, { name: `of thread ${id}`, priority });
    return { caches: thread.caches, cache };
  });
  let decision: PolicyDecision = { evictBytes: 0, collect: 'never', capBytes: null, paceBytes: null, reason: '' };
  const sampler = new Sampler(
    words,
    resolveOptions({}, {}).settings,
    sourcesOf({ sources: [containerOf(LIMIT_MIB * MIB, () => 850 * MIB)] }),
    () => ({ name: 'told', decide: () => decision }),
    () => undefined,
    () => nowMs * 1e3,
  );
  return {
    /** A sample on which the policy decides so, after which both threads see to what is new. @returns what they hold then, MiB. */
    sample(atMs: number, evictMib: number, capMib: number): number[] {
      nowMs = atMs;
      decision = { ...decision, evictBytes: evictMib * MIB, capBytes: capMib * MIB };
      sampler.sample(0, 0, true);
      for (const { caches } of threads) caches.payNow();
      sampler.paid();
      return threads.map(({ cache }) => cache.bytes / MIB);
    },
  };
}

describe('a cut that several threads make', () => {
  it('is given once: what some give by a round, others do not give by their caps', () => {
    const { sample } = watchThreads();
    expect(sample(1000, 0, 600)).toEqual([HELD_MIB, HELD_MIB]);
    expect(sample(1010, 100, 500)).toEqual([200, 300]);
  });

  it('is followed by none in favour of threads that hold less, until a second later', () => {
    const { sample } = watchThreads();
    sample(1000, 100, 500);
    expect(sample(1500, 0, 500)).toEqual([200, 300]);
    expect(sample(1900, 50, 450)).toEqual([150, 300]);
    expect(sample(2800, 0, 450)).toEqual([150, 300]);
    const [first = 0, second = 0] = sample(3000, 0, 450);
    expect(first).toBe(150);
    expect(second).toBeLessThan(300);
  });

  it('is followed by one after five seconds where cut follows cut', () => {
    const { sample } = watchThreads();
    sample(1000, 100, 500);
    for (let cut = 1; cut <= 9; cut++) expect(sample(1000 + 500 * cut, 1, 500 - cut)).toEqual([200 - cut, 300]);
    expect(sample(6100, 1, 490)[1]).toBeLessThan(300);
  });
});
