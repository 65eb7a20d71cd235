import { beforeEach, describe, expect, it } from 'vitest';
import { Collector } from '#src/caches/collection.js';
import { Watchdog } from '#src/caches/watchdog.js';
import { loadTidings } from '#src/page/bell.js';
import { storeGuards } from '#src/page/guard.js';
import { createPage } from '#src/page/page.js';
import { emptyPublishedState, publishState } from '#src/page/state-codec.js';

describe('the look-out of a thread between two samples', () => {
  let words: Int32Array;
  /** What the thread holds, and how much of that a collection would free. */
  let heldBytes: number;
  let takenBytes: number;
  let deadBytes: number;
  let droppedBytes: number;
  let nowUs: number;
  let watchdog: Watchdog;

  beforeEach(() => {
    words = createPage();
    [heldBytes, takenBytes, deadBytes, droppedBytes] = [1000, 0, 0, 0];
    const collector = new Collector('auto', {
      heap: { promotableBytes: 0, readInto: () => undefined },
      findCollect: () => () => {
        heldBytes -= deadBytes;
        return true;
      },
      nowUs: () => 0,
    });
    nowUs = 0;
    watchdog = new Watchdog(
      words,
      collector,
      (bytes) => {
        droppedBytes += bytes;
      },
      () => nowUs,
    );
  });

  function sampled(guardBytes: number, fromPeakBytes: number | null = null): void {
    storeGuards(words, guardBytes, fromPeakBytes, null);
    publishState(words, emptyPublishedState());
    watchdog.look(heldBytes, takenBytes);
  }

  function grow(bytes: number): void {
    heldBytes += bytes;
    watchdog.look(heldBytes, takenBytes);
  }

  /** The caches take so much. */
  function fill(bytes: number): void {
    takenBytes += bytes;
    grow(bytes);
  }

  it('does nothing before the first sample: nobody said how much may be added', () => {
    watchdog.look(heldBytes, takenBytes);
    grow(500);
    expect(droppedBytes).toBe(0);
  });

  it('drops what was added beyond the guard since the last sample', () => {
    sampled(100);
    grow(100);
    expect(droppedBytes).toBe(0);
    grow(30);
    nowUs += 20_000;
    grow(0);
    expect(droppedBytes).toBe(30);
  });

  it('drops no more for what it dropped already, which is held until it is collected', () => {
    sampled(100);
    grow(130);
    nowUs += 20_000;
    for (let look = 0; look < 3; look++) grow(0);
    expect(droppedBytes).toBe(30);
    grow(10);
    expect(droppedBytes).toBe(40);
    grow(-30); // V8 collected most of it
    grow(30);
    expect(droppedBytes).toBe(70);
  });

  /** A plateau: 90 more than at first were held when use was at its peak, and V8 has collected 80 of them since. */
  function collectedOnPlateau(): void {
    sampled(100);
    fill(90);
    sampled(20, 20);
    heldBytes -= 80;
  }

  it('lets the caches fill the heap again as far as it was at the peak, and the guard of the peak further', () => {
    collectedOnPlateau();
    sampled(20, 20);
    fill(100);
    expect(droppedBytes).toBe(0);
    fill(15);
    nowUs += 20_000;
    fill(0);
    expect(droppedBytes).toBe(15);
  });

  it('counts what others take there in full', () => {
    collectedOnPlateau();
    sampled(20, 20);
    fill(40);
    grow(40); // 90 and 40 are held, and might be if it were all the caches'
    nowUs += 20_000;
    grow(0);
    expect(droppedBytes).toBe(20);
  });

  it('forgets the peak after two seconds', () => {
    collectedOnPlateau();
    nowUs += 3_000_000;
    sampled(20, 20);
    fill(30);
    nowUs += 20_000;
    fill(0);
    expect(droppedBytes).toBe(10);
  });

  it('collects first, gives the sweeper its time, and drops only what is still too much then', () => {
    sampled(100);
    deadBytes = 50;
    grow(170);
    nowUs += 5000;
    grow(0);
    expect(droppedBytes).toBe(0);
    nowUs += 15_000;
    grow(0);
    expect(droppedBytes).toBe(20);
  });

  it('drops nothing where the collection was enough', () => {
    sampled(100);
    deadBytes = 90;
    grow(170);
    nowUs += 20_000;
    grow(0);
    expect(droppedBytes).toBe(0);
  });

  it('counts anew from each sample', () => {
    sampled(100);
    grow(90);
    sampled(100);
    grow(90);
    expect(droppedBytes).toBe(0);
  });

  it('asks for a sample when others took an eighth of the guard since the last, once', () => {
    sampled(800);
    const before = loadTidings(words);
    grow(60);
    expect(loadTidings(words)).toBe(before);
    grow(60);
    expect(loadTidings(words)).toBe(before + 1);
    grow(60);
    expect(loadTidings(words)).toBe(before + 1);
    sampled(800);
    grow(120);
    expect(loadTidings(words)).toBe(before + 2);
  });

  it('asks for none because of what the caches took in', () => {
    sampled(800);
    const before = loadTidings(words);
    for (let step = 0; step < 6; step++) {
      takenBytes += 100;
      grow(100);
    }
    expect(loadTidings(words)).toBe(before);
  });

  it('sees what others took also where V8 collected more than that meanwhile', () => {
    sampled(800);
    const before = loadTidings(words);
    grow(80);
    takenBytes += 500;
    grow(-300);
    grow(80);
    expect(loadTidings(words)).toBe(before + 1);
  });
});
