import { describe, expect, it } from 'vitest';
import { GHOST_FALSE_POSITIVE_RATE, GhostList, MOST_REMEMBERED, NOT_REMEMBERED } from '#src/core/ghost-list.js';

describe('GhostList', () => {
  it.each([
    ['strings', 'frame:12', 'frame:13'],
    ['whole numbers', 12, 13],
    ['fractions', 0.5, 0.25],
    ['numbers beyond 32 bits', 2 ** 40 + 1, 2 ** 41 + 1],
    ['objects', { id: 1 }, { id: 1 }],
    ['symbols', Symbol('a'), Symbol('b')],
  ])('regrets %s that were evicted, once, and no others', (_, evicted, other) => {
    const ghosts = new GhostList();
    ghosts.remember(evicted);
    expect(ghosts.regret(other)).toBe(NOT_REMEMBERED);
    expect(ghosts.isEmpty).toBe(false);
    expect(ghosts.regret(evicted)).toBe(0);
    expect(ghosts.regret(evicted)).toBe(NOT_REMEMBERED);
    expect(ghosts.isEmpty).toBe(true);
  });

  it('is within 5 % of an exact count when everything evicted comes back', () => {
    const ghosts = new GhostList();
    const evicted = 60_000;
    for (let key = 0; key < evicted; key++) ghosts.remember(`frame:${key}`);
    let regrets = 0;
    for (let key = 0; key < evicted; key++) if (ghosts.regret(`frame:${key}`) !== NOT_REMEMBERED) regrets++;
    expect(regrets).toBeGreaterThanOrEqual(evicted * 0.95);
    expect(regrets).toBeLessThanOrEqual(evicted);
  });

  it('stays within its stated rate for keys that were never evicted', () => {
    const ghosts = new GhostList();
    for (let key = 0; key < 500_000; key++) ghosts.remember(`old:${key}`);
    const asked = 1_000_000;
    let wrong = 0;
    for (let key = 0; key < asked; key++) if (ghosts.regret(`new:${key}`) !== NOT_REMEMBERED) wrong++;
    expect(wrong / asked).toBeLessThan(GHOST_FALSE_POSITIVE_RATE * 2);
  });

  it('is bounded, and remembers the latest rather than the earliest', () => {
    const ghosts = new GhostList();
    for (let key = 0; key < 1_000_000; key++) ghosts.remember(key);
    let latest = 0;
    for (let key = 990_000; key < 1_000_000; key++) if (ghosts.regret(key) !== NOT_REMEMBERED) latest++;
    expect(latest).toBeGreaterThan(9900);
    expect(ghosts.regret(1)).toBe(NOT_REMEMBERED);
    let all = latest;
    for (let key = 0; key < 990_000; key++) if (ghosts.regret(key) !== NOT_REMEMBERED) all++;
    expect(all).toBeLessThanOrEqual(MOST_REMEMBERED + 990_000 * GHOST_FALSE_POSITIVE_RATE * 2);
  });

  it('makes room ahead without losing what it remembers', () => {
    const ghosts = new GhostList();
    for (let key = 0; key < 100; key++) ghosts.remember(key);
    ghosts.reserve(10_000);
    for (let key = 100; key < 5000; key++) ghosts.remember(key);
    ghosts.reserve(Number.POSITIVE_INFINITY);
    for (let key = 5000; key < 60_000; key++) ghosts.remember(key);
    let regrets = 0;
    for (let key = 0; key < 60_000; key++) if (ghosts.regret(key) !== NOT_REMEMBERED) regrets++;
    expect(regrets).toBeGreaterThan(59_000);
  });

  it('remembers the latest of more than it has room for, though nothing was missed meanwhile', () => {
    const ghosts = new GhostList();
    for (let key = 0; key < 2 * MOST_REMEMBERED; key++) ghosts.remember(key, key + 1);
    ghosts.reserve(10);
    for (let key = 2 * MOST_REMEMBERED; key < 2 * MOST_REMEMBERED + 5; key++) ghosts.remember(key, key + 1);
    expect(ghosts.regret(2 * MOST_REMEMBERED + 4)).toBe(2 * MOST_REMEMBERED + 5);
    expect(ghosts.regret(2 * MOST_REMEMBERED - 1)).toBe(2 * MOST_REMEMBERED);
    expect(ghosts.regret(MOST_REMEMBERED)).toBe(NOT_REMEMBERED);
  });

  it('gives back the note of each eviction, also after it grew', () => {
    const ghosts = new GhostList();
    ghosts.remember('before');
    for (let key = 1; key <= 5000; key++) ghosts.remember(key, key * 2 ** 19);
    ghosts.remember(7, 3);
    expect(ghosts.regret('before')).toBe(0);
    expect(ghosts.regret(7)).toBe(3);
    expect(ghosts.regret(4097)).toBe(4097 * 2 ** 19);
  });

  it('counts a key that came and went unread as one regret, with its last note', () => {
    const ghosts = new GhostList();
    for (const note of [5, 6, 7]) ghosts.remember('twice', note);
    for (let key = 0; key < 1000; key++) ghosts.remember(key, 1); // moves what it has into a larger table
    for (const note of [8, 9]) ghosts.remember('twice', note);
    expect(ghosts.regret('twice')).toBe(9);
    expect(ghosts.regret('twice')).toBe(NOT_REMEMBERED);
    for (let key = 0; key < 1000; key++) ghosts.regret(key);
    expect(ghosts.isEmpty).toBe(true);
  });

  it.each([0, 10_000])(
    'knows the last of evictions that went all round a bucket, with room for %i more',
    (reserved) => {
      const ghosts = new GhostList();
      for (let note = 1; note <= 12; note++) ghosts.remember('again', note);
      ghosts.reserve(reserved);
      expect(ghosts.regret('again')).toBe(12);
      expect(ghosts.regret('again')).toBe(NOT_REMEMBERED);
    },
  );

  it.each([0.5, 0.8])('grows until it loses little, also where %d of what is evicted is soon wanted again', (soon) => {
    const ghosts = new GhostList();
    const [evictions, later] = [100_000, 4000];
    let wanted = 0;
    let regrets = 0;
    for (let key = 0; key < evictions; key++) {
      ghosts.remember(key);
      const isSoon = (key - 50) % 100 < soon * 100;
      if (key >= 50 && isSoon && ++wanted > 0 && ghosts.regret(key - 50) !== NOT_REMEMBERED) regrets++;
      const isLater = (key - later) % 100 >= soon * 100;
      if (key >= later && isLater && ++wanted > 0 && ghosts.regret(key - later) !== NOT_REMEMBERED) regrets++;
    }
    expect(regrets / wanted).toBeGreaterThan(0.95);
  });
});
