import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EvictableCache } from '#src/caches/contract.js';
import { v8Engine } from '#src/caches/engine.js';
import { ThreadCaches } from '#src/caches/thread-caches.js';
import { emptyThreadControl, writeControl } from '#src/page/orders.js';
import { bumpEpoch, createPage } from '#src/page/page.js';
import { claimThread, type ThreadClaim } from '#src/page/thread-rows.js';

/** A cache of the user's own, which does as it is told and knows nothing of floors. */
class Shelf implements EvictableCache {
  bytes = 0;

  evict(bytes: number): number {
    const droppedBytes = Math.min(this.bytes, bytes);
    this.bytes -= droppedBytes;
    return droppedBytes;
  }
}

describe('a put over the cap', () => {
  let words: Int32Array;
  let claim: ThreadClaim;
  let caches: ThreadCaches;

  beforeEach(() => {
    words = createPage();
    claim = claimThread(words, 0, -1);
    caches = new ThreadCaches(words, claim, {
      enabled: true,
      collectGarbage: 'never',
      respectCacheLimits: true,
      engine: v8Engine(null),
      onSizeFault: () => undefined,
      onCacheFailed: () => undefined,
    });
  });
  afterEach(() => caches.close());

  function capAt(capBytes: number): void {
    writeControl(words, claim.row, { ...emptyThreadControl(), capBytes }, []);
    bumpEpoch(words);
  }

  /** @returns what puts bytes into a new shelf. */
  function shelve(priority: number, minBytes: number): { shelf: Shelf; put: (bytes: number) => void } {
    const shelf = new Shelf();
    const registration = caches.register(shelf, { name: `${priority}`, priority, minBytes });
    const put = (bytes: number) => {
      shelf.bytes += bytes;
      registration.add(bytes);
    };
    return { shelf, put };
  }

  it('is paid by the cache that was put to', () => {
    const { shelf, put } = shelve(10, 0);
    capAt(100);
    put(130);
    expect(shelf.bytes).toBe(100);
  });

  it('takes no cache below its floor, also where the cache itself knows of none', () => {
    const { shelf, put } = shelve(10, 80);
    capAt(50);
    put(130);
    expect(shelf.bytes).toBe(80);
    put(-30);
    put(10);
    expect(shelf.bytes, 'below its floor it gives nothing').toBe(60);
  });

  it('is paid by the caches that go first, down to half of what they held when the cap fell, then by its own', () => {
    const first = shelve(10, 0);
    const last = shelve(30, 0);
    first.put(100);
    last.put(100);
    capAt(200);
    last.put(30);
    expect([first.shelf.bytes, last.shelf.bytes]).toEqual([70, 130]);
    last.put(30);
    expect([first.shelf.bytes, last.shelf.bytes]).toEqual([50, 150]);
  });

  it('makes room for the puts that follow where entries are small, and no more than is put where they are not', () => {
    const small = new Map<number, string>();
    caches.register(small, { name: 'small', priority: 10, sizeOf: () => 1 });
    capAt(2560);
    for (let key = 0; key <= 2560; key++) small.set(key, 'x');
    expect(small.size, 'one too many: a 256th of the cap goes with it').toBe(2550);
    capAt(256);
    small.set(0, 'y');
    expect(small.size).toBe(256);
  });
});
