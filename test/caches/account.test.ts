import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { CacheAccount, type JointBooks } from '#src/caches/account.js';
import { adaptLruCache } from '#src/caches/adapters/lru-cache.js';
import type { SecondChances } from '#src/caches/contract.js';
import { createPage, EpochView } from '#src/page/page.js';

const TERMS = { row: 0, name: 'frames', priority: 10, minBytes: 0, maxBytes: Number.POSITIVE_INFINITY };

/** An account of a thread whose caches are near their cap, or not. */
function openAccount() {
  const near = { isNearCap: true };
  const joint: JointBooks = {
    epoch: new EpochView(createPage()),
    isBusy: false,
    get isNearCap() {
      return near.isNearCap;
    },
    enter: () => undefined,
    leave: () => undefined,
    look: () => undefined,
    book: () => undefined,
    grown: () => undefined,
  };
  return { account: new CacheAccount(TERMS, joint, 0), near };
}

/** What second chances are told, in order. */
function listenTo(account: CacheAccount): string[] {
  const told: string[] = [];
  const chances: SecondChances<unknown> = {
    noticeNew: (key) => told.push(`new ${key}`),
    overlook: () => told.push('overlook'),
    regretted: (note) => told.push(`regretted ${note}`),
  };
  account.chances = chances;
  return told;
}

describe('an account', () => {
  it('tells second chances of every new entry near the cap', () => {
    const { account } = openAccount();
    const told = listenTo(account);
    account.gained('a');
    account.gained('b');
    expect(told).toEqual(['new a', 'new b']);
  });

  it('tells them once that entries came unnoticed while the caches were small', () => {
    const { account, near } = openAccount();
    const told = listenTo(account);
    near.isNearCap = false;
    account.gained('a');
    account.gained('b');
    near.isNearCap = true;
    account.gained('c');
    account.gained('d');
    expect(told).toEqual(['overlook', 'new c', 'new d']);
  });

  it('gives no second chances by what was known before entries came unnoticed', () => {
    const { account, near } = openAccount();
    const cache = new LRUCache<number, number>({ maxSize: 1e9, sizeCalculation: () => 1 });
    const adapter = adaptLruCache(cache, null, account);
    const put = (from: number, count: number) => {
      for (let key = from; key < from + count; key++) cache.set(key, key);
    };
    const drop = () =>
      adapter.drop(1, 0, Number.POSITIVE_INFINITY, {
        level: 'warning',
        cause: null,
        round: 0,
        signal: new AbortController().signal,
      });
    const notes: number[] = [];
    account.dropped = (_, note = 0) => notes.push(note);
    put(0, 100);
    drop();
    near.isNearCap = false;
    put(100, 10);
    drop();
    expect(notes.map((note) => note !== 0)).toEqual([true, false]);
  });

  it('guards reads while an operation of its cache is under way, and from then on where entries may expire', () => {
    const { account } = openAccount();
    expect(account.isGuarded).toBe(false);
    expect(account.enter()).toBe(true);
    expect(account.enter()).toBe(false);
    account.leave();
    expect(account.isGuarded).toBe(true);
    account.leave();
    expect(account.isGuarded).toBe(false);
    account.expectExpiry();
    expect(account.enter()).toBe(true);
    account.leave();
    expect(account.isGuarded).toBe(true);
  });
});
