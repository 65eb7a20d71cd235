import { beforeEach, describe, expect, it } from 'vitest';
import { ReuseOdds } from '#src/core/reuse-odds.js';

/** Entries of the cache in question. */
const ENTRIES = 1000;

describe('ReuseOdds', () => {
  let odds: ReuseOdds;
  let unread: number;
  let read: number;

  beforeEach(() => {
    odds = new ReuseOdds();
    unread = odds.kindOf(0, false);
    read = odds.kindOf(0, true);
  });

  /** @param share of those that are missed again. */
  function drop(kind: number, count: number, share: number): void {
    for (let drop = 0; drop < count; drop++) {
      const note = odds.dropped(kind);
      if (drop % 100 < share * 100) odds.regretted(note, ENTRIES);
    }
  }

  it('spares a kind that is read again more often than what is dropped', () => {
    drop(unread, 500, 0.1);
    for (let lap = 0; lap < 500; lap++) {
      odds.spared(read);
      if (lap % 2 === 0) odds.reused(read);
    }
    expect(odds.isWorthALap(read)).toBe(true);
    expect(odds.isWorthALap(unread)).toBe(false);
  });

  it('learns from what it drops as from what it spares', () => {
    drop(read, 500, 0.4);
    drop(unread, 5000, 0.1);
    expect(odds.isWorthALap(read)).toBe(true);
  });

  it('changes its mind when what it spares is read no more', () => {
    drop(unread, 500, 0.2);
    for (let lap = 0; lap < 500; lap++) {
      odds.spared(read);
      odds.reused(read);
    }
    expect(odds.isWorthALap(read)).toBe(true);
    for (let lap = 0; lap < 4000; lap++) odds.spared(read);
    expect(odds.isWorthALap(read)).toBe(false);
  });

  it('does not count a regret that comes later than the cache would have kept the entry', () => {
    drop(unread, 500, 0.1);
    const notes = Array.from({ length: 500 }, () => odds.dropped(read));
    drop(unread, 2 * ENTRIES, 0.1);
    for (const note of notes) odds.regretted(note, ENTRIES);
    expect(odds.isWorthALap(read)).toBe(false);
    for (const note of notes) odds.regretted(note, 10 * ENTRIES);
    expect(odds.isWorthALap(read)).toBe(true);
  });

  it('spares nothing before it has learned something', () => {
    for (let worth = 0; worth < 16; worth++) {
      expect(odds.isWorthALap(odds.kindOf(worth, false))).toBe(false);
      expect(odds.isWorthALap(odds.kindOf(worth, true))).toBe(false);
    }
    drop(unread, 500, 0.9);
    expect(odds.isWorthALap(unread), 'it is what goes on average').toBe(false);
  });

  it('tells apart how often an entry was read, up to a bound, and takes it back lap by lap', () => {
    let worth = 0;
    const worths = [];
    for (const wasRead of [true, true, true, true, true, false, false]) {
      worth = odds.nextWorth(odds.kindOf(worth, wasRead));
      worths.push(worth);
    }
    expect(worths).toEqual([4, 8, 12, 15, 15, 14, 13]);
    expect(odds.nextWorth(odds.kindOf(0, false))).toBe(0);
  });
});
