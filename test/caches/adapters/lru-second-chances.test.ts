import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { internalsOf } from '#src/caches/adapters/lru-internals.js';
import { LruSecondChances } from '#src/caches/adapters/lru-second-chances.js';
import { MOST_REMEMBERED } from '#src/core/ghost-list.js';
import { createRandom } from '#src/demo/random.js';

/** A cache that is told of every new entry; keys are numbers that rise. */
function cacheOf(entries: number) {
  const cache = new LRUCache<number, number>({ maxSize: 1e9, sizeCalculation: () => 1 });
  const internals = internalsOf(cache);
  if (internals === null) throw new Error('this lru-cache shows no slots');
  const chances = new LruSecondChances(internals);
  let key = 0;
  const put = (count: number) => {
    for (const last = key + count; key < last; key++) {
      cache.set(key, key);
      chances.noticeNew(key);
    }
  };
  const oldest = () => internals.keyList[internals.readHead()] ?? -1;
  const look = () => chances.spare(internals.readHead());
  const isKnown = () => {
    look();
    return chances.dropped() !== 0;
  };
  /** @returns the entry that went, and its note. */
  const drop = () => {
    look();
    const victim = oldest();
    cache.pop();
    return { victim, note: chances.dropped() };
  };
  put(entries);
  return { cache, chances, put, drop, look, isKnown, oldest, internals };
}

/** The same, once it has learned that what was read is wanted again: even keys are read again and again, odd ones never. */
function taughtCacheOf(entries: number) {
  const taught = cacheOf(entries);
  const { cache, chances, put, drop } = taught;
  const random = createRandom(7);
  for (let turn = 0; turn < 100 * entries; turn++) {
    const even = [...cache.keys()].filter((key) => key % 2 === 0);
    const read = even[Math.floor(random() * even.length)];
    if (read !== undefined) cache.get(read);
    chances.beginDrop(0);
    const { victim, note } = drop();
    if (victim % 2 === 0) chances.regretted(note);
    put(1);
  }
  return taught;
}

describe('second chances', () => {
  it('book nothing for an entry that is looked at and does not go', () => {
    const [once, often] = [taughtCacheOf(64), taughtCacheOf(64)];
    for (let looks = 0; looks < 1000; looks++) {
      often.chances.beginDrop(0);
      often.look();
    }
    for (const { chances } of [once, often]) chances.beginDrop(0);
    const { note } = once.drop();
    expect(note).not.toBe(0);
    expect(often.drop().note).toBe(note);
    expect(often.oldest()).toBe(once.oldest());
  });

  it('judge each entry once in a round, however many slices it comes in', () => {
    const { cache, chances, drop } = taughtCacheOf(64);
    const notes = [];
    while (cache.size > 0) {
      chances.beginDrop(7);
      notes.push(drop().note);
    }
    const judged = notes.filter((note) => note !== 0).length;
    expect(judged).toBeGreaterThan(0);
    expect(judged, 'some were spared, and then went unjudged').toBeLessThan(notes.length);
    expect(notes.slice(judged).every((note) => note === 0)).toBe(true);
  });

  it('are not given in a cache with more entries than are remembered once they went, and in a smaller one again', () => {
    const { cache, chances, put, drop, isKnown } = cacheOf(1000);
    chances.beginDrop(0);
    expect(isKnown()).toBe(true);
    put(MOST_REMEMBERED);
    chances.beginDrop(0);
    expect(isKnown()).toBe(false);
    while (cache.size > 100) drop();
    put(1000);
    while (cache.size > 500) drop();
    chances.beginDrop(0);
    expect(isKnown()).toBe(true);
  });

  it('are not given to the entry used last, behind which there is none', () => {
    const { cache, chances, internals } = taughtCacheOf(64);
    chances.beginDrop(0);
    for (const key of [...cache.keys()]) {
      cache.get(key);
      expect(chances.spare(internals.readTail())).toBe(internals.readTail());
    }
  });

  it('know nothing of what came before others that nobody told of', () => {
    const { chances, isKnown } = cacheOf(100);
    chances.beginDrop(0);
    expect(isKnown()).toBe(true);
    chances.overlook();
    expect(isKnown()).toBe(false);
  });
});
