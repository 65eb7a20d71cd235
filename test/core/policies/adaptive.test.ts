import { describe, expect, it } from 'vitest';
import { createAdaptivePolicy } from '#src/core/policies/adaptive.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';
import { type Change, PolicyDriver } from './policy-driver.js';

describe('the adaptive policy when pressure begins', () => {
  it('has the caches give a first bite, once', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 650 * MIB, cacheBytes: 400 * MIB });
    expect(driver.sample(100, { usedBytes: 705 * MIB }).evictBytes).toBe(10 * MIB);
    expect(driver.hold(2000).every(({ evictBytes }) => evictBytes === 0)).toBe(true);
  });

  it('does not take the bite for payment of what comes next', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB });
    const bite = driver.sample(10, { usedBytes: 705 * MIB, growthBytesPerSecond: 800 * MIB });
    expect(bite.evictBytes).toBe(10 * MIB);
    const { evictBytes } = driver.sample(100, { usedBytes: 850 * MIB, growthBytesPerSecond: 0 });
    expect(evictBytes).toBeGreaterThan(50 * MIB);
  });

  it('has them give at once where others will have taken the rest before a round is over', () => {
    const hurried = { usedBytes: 740 * MIB, growthBytesPerSecond: 1000 * MIB };
    const cutAt = (collectionSeconds: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB });
      return driver.sample(10, { ...hurried, collectionSeconds });
    };
    expect(cutAt(0)).toMatchObject({ evictBytes: 50 * MIB, collect: 'always' }); // 740 + 0.1 s of 1000 MiB/s, less 790
    expect(cutAt(0.01)).toMatchObject({ evictBytes: 60 * MIB, collect: 'always' });
    expect(cutAt(0.08), 'what is left alive makes a dear collection longer').toMatchObject({
      evictBytes: 400 * MIB,
      collect: 'always',
    });
  });

  it('has those of large Buffers give what is past alone: they make no collection dear, and leave whole pages', () => {
    const cutAt = (meanBufferBytes: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB, meanBufferBytes, collectionSeconds: 0.08 });
      return driver.sample(10, { usedBytes: 740 * MIB, growthBytesPerSecond: 1000 * MIB }).evictBytes / MIB;
    };
    expect(cutAt(16 * 1024)).toBe(130); // 740 + 0.18 s of 1000 MiB/s, less 790
    expect(cutAt(16 * 1024 - 1)).toBe(400);
  });

  /** Caches of 400 MiB in V8's heap beside others that grow fast, where collections are dear. @returns the driver, and what they give first, MiB. */
  function rushed(usedMib: number, where: 'heap' | 'outside' = 'heap') {
    const driver = new PolicyDriver(createAdaptivePolicy());
    const heapUsedBytes = where === 'heap' ? 450 * MIB : 20 * MIB;
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB, heapUsedBytes, collectionSeconds: 0.08 });
    const { evictBytes } = driver.sample(10, { usedBytes: usedMib * MIB, growthBytesPerSecond: 1000 * MIB });
    return { driver, givenMib: evictBytes / MIB };
  }

  it('leaves a fifth of what they held in the heap, the less the closer emergency is', () => {
    expect(rushed(740).givenMib).toBeCloseTo(0.8 * 400);
    expect(rushed(875).givenMib).toBeCloseTo(0.9 * 400);
    expect(rushed(740, 'outside').givenMib, 'Buffers').toBeCloseTo(400);
  });

  it('does not take a part of what it left', () => {
    const { driver } = rushed(740);
    const left = { cacheBytes: 80 * MIB, uncollectedBytes: 0 };
    expect(driver.sample(50, { ...left, usedBytes: 790 * MIB }).evictBytes).toBe(0);
    expect(driver.sample(50, { usedBytes: 999 * MIB }).evictBytes / MIB).toBeGreaterThan(70);
  });

  it('has what is dead collected where there is nothing more to give', () => {
    const { driver } = rushed(740);
    const spent = { cacheBytes: 80 * MIB, uncollectedBytes: 320 * MIB, usedBytes: 805 * MIB, growthBytesPerSecond: 0 };
    expect(driver.sample(500, spent)).toMatchObject({ evictBytes: 0, collect: 'ifDue' });
  });

  it('takes no more than what is past where others are not as fast', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    const slow = { usedBytes: 800 * MIB, growthBytesPerSecond: 250 * MIB, collectionSeconds: 0.08 };
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB });
    const { evictBytes } = driver.sample(2000, slow);
    expect(evictBytes / MIB).toBeCloseTo(800 + 0.18 * 250 - 790, 0);
  });

  it('sees two rises of others in a row before the forecast does', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB, growthBytesPerSecond: 0 });
    driver.sample(60, { usedBytes: 660 * MIB });
    expect(driver.sample(60, { usedBytes: 720 * MIB }).evictBytes).toBeCloseTo((720 + 100 - 790) * MIB, -6);
  });

  it('takes twice what is past where it is mostly the caches that grow so fast, of small objects', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    const change = { collectionSeconds: 0.08, cacheBytes: 400 * MIB };
    for (let ms = 0; ms <= 600; ms += 100)
      driver.sample(100, { ...change, usedBytes: 700 * MIB, evictedBytes: (ms * 1000 * MIB) / 1e3 });
    const fast = { ...change, usedBytes: 805 * MIB, evictedBytes: 700 * MIB, growthBytesPerSecond: 1000 * MIB };
    expect(driver.sample(100, fast).evictBytes / MIB).toBeCloseTo(2 * (805 - 790), 0);
  });

  it('stops the caches, and takes nothing, where they came there by their own growth', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 500 * MIB, cacheBytes: 400 * MIB });
    expect(driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 450 * MIB })).toMatchObject({ evictBytes: 0 });
    const decisions = driver.hold(2000);
    expect(decisions.every(({ evictBytes, capBytes }) => evictBytes === 0 && capBytes === 450 * MIB)).toBe(true);
  });

  it('does not bite for every crossing of warning, only after a minute without pressure', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB });
    for (let crossing = 0; crossing < 20; crossing++) {
      driver.sample(1000, { usedBytes: 640 * MIB });
      expect(driver.sample(1000, { usedBytes: 705 * MIB }).evictBytes).toBe(0);
    }
    driver.sample(1000, { usedBytes: 640 * MIB });
    driver.hold(60_000, 1000);
    expect(driver.sample(1000, { usedBytes: 705 * MIB }).evictBytes).toBe(10 * MIB);
  });
});

describe('growth under the adaptive policy', () => {
  /** The cap where 900 MiB of 1000 are free to begin with, and caches fill what they may with 1000 MiB/s. */
  function filled(forMs: number): number {
    const driver = new PolicyDriver(createAdaptivePolicy());
    let cacheBytes = 0;
    for (let ms = 0; ms < forMs; ms += 50) {
      const { capBytes } = driver.sample(50, { usedBytes: 100 * MIB + cacheBytes, cacheBytes });
      cacheBytes = Math.min(capBytes ?? 0, cacheBytes + 50 * MIB);
    }
    return cacheBytes;
  }

  it('is free while there is plenty of room, and then takes seconds, so that the peaks show first', () => {
    const mostBytes = filled(9000);
    expect(mostBytes / MIB).toBeGreaterThan(550);
    expect(filled(700)).toBeGreaterThan(mostBytes - 60 * MIB);
    expect(filled(700)).toBeLessThan(mostBytes - 20 * MIB);
    expect(filled(5000)).toBeGreaterThan(mostBytes - 5 * MIB);
  });

  it('ends at 70 % of a heap of V8, also where warning is higher', () => {
    const filledUpTo = (resource: 'heap' | 'container', warning: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy(), resource, 1000 * MIB, {
        warning,
        critical: 0.92,
        emergency: 0.97,
      });
      let cacheBytes = 0;
      for (let ms = 0; ms < 9000; ms += 50) {
        const { capBytes } = driver.sample(50, { usedBytes: cacheBytes, cacheBytes });
        cacheBytes = Math.min(capBytes ?? 0, cacheBytes + 50 * MIB);
      }
      return Math.round(cacheBytes / MIB / 10) * 10;
    };
    expect(filledUpTo('heap', 0.85)).toBe(700);
    expect(filledUpTo('heap', 0.6)).toBe(600);
    expect(filledUpTo('container', 0.85)).toBeGreaterThan(750);
  });

  it('goes on outside a heap that the program itself has filled beyond that', () => {
    const driver = new PolicyDriver(createAdaptivePolicy(), 'container', 1000 * MIB, {
      warning: 0.85,
      critical: 0.92,
      emergency: 0.97,
    });
    let cacheBytes = 0;
    for (let ms = 0; ms < 9000; ms += 50) {
      const { capBytes } = driver.sample(50, {
        usedBytes: 200 * MIB + cacheBytes,
        heapUsedBytes: 750 * MIB,
        cacheBytes,
      });
      cacheBytes = Math.min(capBytes ?? 0, cacheBytes + 50 * MIB);
    }
    expect(cacheBytes).toBeGreaterThan(500 * MIB);
  });

  it('leaves the peaks 2 % of the limit below critical', () => {
    const capWithPeaksAt = (peakBytes: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 350 * MIB });
      driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB });
      driver.sample(100, { usedBytes: peakBytes, uncollectedBytes: 300 * MIB });
      driver.hold(10_000);
      return (driver.sample(100).capBytes ?? 0) / MIB;
    };
    expect(capWithPeaksAt(785 * MIB)).toBe(400);
    expect(capWithPeaksAt(770 * MIB)).toBeGreaterThan(400);
    expect(capWithPeaksAt(770 * MIB)).toBeLessThanOrEqual(410);
  });

  it('goes on five seconds after the caches gave, half a second after they came to warning by themselves, and earlier where there is plenty', () => {
    const capAfter = (grownMib: number, fallenMib: number, ms: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 500 * MIB, cacheBytes: 400 * MIB });
      driver.sample(100, { usedBytes: 735 * MIB, cacheBytes: (400 + grownMib) * MIB });
      driver.sample(100, { usedBytes: fallenMib * MIB });
      driver.hold(ms);
      return (driver.sample(50).capBytes ?? 0) / MIB;
    };
    expect(capAfter(50, 500, 100)).toBe(450);
    expect(capAfter(50, 500, 300)).toBeGreaterThan(450);
    expect(capAfter(50, 685, 300)).toBe(450);
    expect(capAfter(50, 685, 700)).toBeGreaterThan(450);
    expect(capAfter(0, 685, 4000)).toBe(390);
    expect(capAfter(0, 685, 6000)).toBeGreaterThan(390);
  });
});

describe('the adaptive policy where no room is left', () => {
  it('does not take what a put dropped ahead of need, sample for sample', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    let cacheBytes = 400 * MIB;
    driver.sample(100, { usedBytes: 690 * MIB, cacheBytes });
    driver.sample(100, { usedBytes: 699.9 * MIB });
    for (let sample = 0; sample < 40; sample++) {
      const { capBytes } = driver.sample(100, { cacheBytes: cacheBytes * (255 / 256) });
      cacheBytes = Math.min(cacheBytes, capBytes ?? 0);
    }
    expect(cacheBytes).toBeGreaterThan(399 * MIB);
  });
});

describe('collections under the adaptive policy', () => {
  it('are paced by 24 MiB of evicted bytes, or by a twentieth of a smaller limit', () => {
    const paceUnder = (limitBytes: number) =>
      new PolicyDriver(createAdaptivePolicy(), 'container', limitBytes).sample(100).paceBytes;
    expect(paceUnder(4096 * MIB)).toBe(24 * MIB);
    expect(paceUnder(512 * MIB)).toBe(24 * MIB);
    expect(paceUnder(100 * MIB)).toBe(5 * MIB);
  });

  it('are asked for at critical once the caches have nothing left to give', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 850 * MIB, cacheBytes: 100 * MIB });
    driver.sample(100, { cacheBytes: 0, uncollectedBytes: 20 * MIB });
    expect(driver.sample(100).collect).toBe('never');
    expect(driver.sample(100, { uncollectedBytes: 30 * MIB }).collect).toBe('ifDue');
    expect(driver.sample(100, { cacheBytes: 50 * MIB }).collect).toBe('never');
  });

  it('are asked for after a round that leaves enough to collect', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 650 * MIB, cacheBytes: 400 * MIB });
    expect(driver.sample(100, { usedBytes: 705 * MIB })).toMatchObject({ evictBytes: 10 * MIB, collect: 'never' });
    const other = new PolicyDriver(createAdaptivePolicy());
    other.sample(100, { usedBytes: 650 * MIB, cacheBytes: 400 * MIB, uncollectedBytes: 2 * MIB });
    expect(other.sample(100, { usedBytes: 705 * MIB })).toMatchObject({ evictBytes: 10 * MIB, collect: 'ifDue' });
  });

  it('are asked for before anything is evicted for what is known to be dead', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB });
    const decision = driver.sample(2000, { usedBytes: 820 * MIB, uncollectedBytes: 60 * MIB });
    expect(decision).toMatchObject({ evictBytes: 0, collect: 'ifDue' });
  });

  it('are waited for with one thread where they are dear, until emergency is too close for that', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, collectionSeconds: 0.1 });
    driver.sample(2000, { usedBytes: 820 * MIB, uncollectedBytes: 60 * MIB });
    const waiting = driver.hold(2000);
    expect(waiting.every(({ evictBytes, collect }) => evictBytes === 0 && collect === 'ifDue')).toBe(true);
    const hurried = driver.sample(100, { growthBytesPerSecond: 500 * MIB });
    expect(hurried.evictBytes).toBeGreaterThan(0);
    expect(hurried.collect).toBe('always');
  });

  it('are given a tenth of a second to return what they found, where they are dear', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, collectionSeconds: 0.1 });
    const growing = { growthBytesPerSecond: 150 * MIB, collections: 1 };
    expect(driver.sample(10, { ...growing, usedBytes: 850 * MIB }).evictBytes).toBe(0);
    expect(driver.hold(90, 10).every(({ evictBytes }) => evictBytes === 0)).toBe(true);
    expect(driver.sample(10).evictBytes).toBeGreaterThan(0);
    expect(driver.sample(10, { collections: 2, usedBytes: 940 * MIB, growthBytesPerSecond: 400 * MIB })).toMatchObject({
      collect: 'always',
    });
  });

  it('are given no time for that where usage rises meanwhile', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, collectionSeconds: 0.1 });
    const growing = { growthBytesPerSecond: 150 * MIB, collections: 1 };
    driver.sample(10, { ...growing, usedBytes: 850 * MIB });
    expect(driver.sample(10, { usedBytes: 860 * MIB }).evictBytes).toBe(0);
    expect(driver.sample(10, { usedBytes: 861 * MIB }).evictBytes).toBeGreaterThan(0);
  });

  it('are asked for once, and not waited for, where they are cheap', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, collectionSeconds: 0.005 });
    const asked = driver.sample(2000, { usedBytes: 820 * MIB, uncollectedBytes: 60 * MIB });
    expect(asked).toMatchObject({ evictBytes: 0, collect: 'ifDue' });
    expect(driver.sample(100, { uncollectedBytes: 59.9 * MIB }).evictBytes).toBeGreaterThan(0);
  });

  it('are asked for again, and nothing is evicted, once V8 collected by itself', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, collectionSeconds: 0.005 });
    driver.sample(2000, { usedBytes: 820 * MIB, uncollectedBytes: 60 * MIB });
    expect(driver.sample(10, { uncollectedBytes: 10 * MIB, usedBytes: 780 * MIB }).evictBytes).toBe(0);
    const asked = driver.sample(100, { usedBytes: 820 * MIB, uncollectedBytes: 60 * MIB });
    expect(asked).toMatchObject({ evictBytes: 0, collect: 'ifDue' });
  });
});

describe('the adaptive policy past critical', () => {
  /** Usage comes to 870 MiB of 1000, with caches of 400 in Buffers of 64 KiB. */
  function risen(change: Change, resource: Resource = 'container') {
    const driver = new PolicyDriver(createAdaptivePolicy(), resource);
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, meanBufferBytes: 64 * 1024 });
    const { evictBytes } = driver.sample(2000, { usedBytes: 870 * MIB, ...change });
    return { driver, takenBytes: evictBytes };
  }
  const takes = (change: Change, resource?: Resource) => risen(change, resource).takenBytes / MIB;

  it('takes nothing for pages that go back, beside large Buffers and if they are worth it', () => {
    const all = takes({});
    expect(all).toBeGreaterThan(80);
    expect(takes({ returnableBytes: 90 * MIB })).toBe(0);
    expect(takes({ returnableBytes: 60 * MIB })).toBeCloseTo(all / 4);
    expect(takes({ returnableBytes: 50 * MIB }), 'a twentieth of the limit').toBe(all);
    expect(takes({ returnableBytes: 90 * MIB, meanBufferBytes: 4096 }), 'they have neighbours').toBe(all);
    expect(takes({ returnableBytes: 90 * MIB }, 'heap')).toBe(takes({}, 'heap'));
    const inHeap = { heapUsedBytes: 450 * MIB, externalBytes: 0 };
    expect(takes({ ...inHeap, returnableBytes: 90 * MIB }), 'objects').toBe(all);
  });

  it('takes it where emergency is near', () => {
    const hurried = { growthBytesPerSecond: 400 * MIB };
    expect(takes({ ...hurried, returnableBytes: 90 * MIB })).toBe(takes(hurried));
  });

  it('takes what did not go back after all', () => {
    const { driver, takenBytes } = risen({ returnableBytes: 60 * MIB });
    const cacheBytes = 400 * MIB - takenBytes;
    const given = { cacheBytes, usedBytes: 870 * MIB - takenBytes };
    expect(driver.sample(50, given).evictBytes).toBe(0);
    expect(driver.sample(50, { returnableBytes: 0 }).evictBytes / MIB).toBeGreaterThan(10);
  });

  it('takes what V8 keeps of a heap of objects for no more than the overshoot, where usage grows slowly', () => {
    const givenAt = (growthBytesPerSecond: number, retainedBytes: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 600 * MIB, collectionSeconds: 0.1 });
      return driver.sample(100, { usedBytes: 890 * MIB, growthBytesPerSecond, retainedBytes }).evictBytes / MIB;
    };
    expect(givenAt(200 * MIB, 200 * MIB)).toBeCloseTo(140); // 890 + 0.2 s of 200, less 790
    expect(givenAt(200 * MIB, 0)).toBeCloseTo(140 * 2.8);
    expect(givenAt(600 * MIB, 200 * MIB)).toBeCloseTo(600); // all there is; 220 * 2.8 would be more
  });

  /** What is given for an overshoot of 100 MiB deep in critical, of which so much is dead and not collected in time. */
  function givenFor(threads: number, uncollectedBytes: number, resource: 'container' | 'heap' = 'container'): number {
    const driver = new PolicyDriver(createAdaptivePolicy(), resource);
    driver.sample(100, { threads, usedBytes: 705 * MIB, cacheBytes: 600 * MIB });
    const usedBytes = 890 * MIB + (resource === 'heap' ? uncollectedBytes : 0);
    const first = driver.sample(100, { usedBytes, uncollectedBytes });
    return first.evictBytes > 0 ? first.evictBytes : driver.sample(10).evictBytes;
  }

  it('gives more than the overshoot, the deeper the more', () => {
    expect(givenFor(1, 0)).toBeGreaterThan(250 * MIB);
    expect(givenFor(1, 90 * MIB)).toBe(givenFor(1, 0));
  });

  it('gives once, and no more, for what is dead in several threads and could not be collected in time', () => {
    expect(givenFor(2, 100 * MIB)).toBe(100 * MIB);
    expect(givenFor(2, 300 * MIB)).toBe(100 * MIB);
    expect(givenFor(2, 50 * MIB)).toBeGreaterThan(150 * MIB);
    expect(givenFor(2, 50 * MIB)).toBeLessThan(givenFor(2, 0));
  });

  it('gives the larger part of all, the deeper it is, once a dear collection of objects was of no use', () => {
    /** Others rise to `usedMib` at 25 MB/s, after a collection at 820. */
    const givenAt = (usedMib: number, { heapUsedBytes = 600 * MIB, collectedMib = 820, uncollectedBytes = 0 }) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB, heapUsedBytes, collectionSeconds: 0.1 });
      driver.sample(100, { usedBytes: collectedMib * MIB, growthBytesPerSecond: 25 * MIB, roundActive: true });
      driver.sample(10, { collections: 1 });
      return (
        driver.sample(2000, {
          usedBytes: usedMib * MIB,
          roundActive: false,
          retainedBytes: 200 * MIB,
          uncollectedBytes,
        }).evictBytes / MIB
      );
    };
    expect(givenAt(875, {})).toBeCloseTo(200);
    expect(givenAt(905, {})).toBeCloseTo(280);
    expect(givenAt(875, { heapUsedBytes: 0 }), 'Buffers').toBeLessThan(150);
    expect(givenAt(875, { uncollectedBytes: 85 * MIB }), 'dead').toBeLessThan(150);
    expect(givenAt(875, { collectedMib: 880 }), 'it came down').toBeLessThan(150);
  });

  it('takes the heap without what is dead', () => {
    expect(givenFor(2, 30 * MIB, 'heap')).toBeGreaterThanOrEqual(givenFor(2, 0, 'heap'));
  });
});

describe('the adaptive policy past emergency', () => {
  it('gives the larger part of all there is, the closer the limit', () => {
    const givenAt = (usedMib: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 940 * MIB, cacheBytes: 600 * MIB });
      return driver.sample(50, { usedBytes: usedMib * MIB, growthBytesPerSecond: 1 }).evictBytes;
    };
    expect(givenAt(960)).toBeLessThan(givenAt(975));
    expect(givenAt(975)).toBeGreaterThanOrEqual(300 * MIB);
    expect(givenAt(995)).toBeGreaterThanOrEqual(540 * MIB);
  });
});

describe('the adaptive policy once caches outgrew their room', () => {
  /** Caches that grow as far as they may for `forMs` beside other memory. @returns MiB that they hold in the end. */
  function grown(driver: PolicyDriver, fromMib: number, forMs: number, besideMib: number): number {
    let cacheMib = fromMib;
    for (let ms = 0; ms < forMs; ms += 100) {
      const { capBytes } = driver.sample(100, { usedBytes: (besideMib + cacheMib) * MIB, cacheBytes: cacheMib * MIB });
      cacheMib = Math.min(cacheMib + 20, (capBytes ?? 0) / MIB);
    }
    return cacheMib;
  }

  it('lets them grow to what would have fitted, while usage stays high, and after a minute further', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 300 * MIB });
    const { evictBytes } = driver.sample(100, { usedBytes: 830 * MIB, cacheBytes: 400 * MIB });
    const leftMib = 400 - evictBytes / MIB;
    expect(leftMib).toBeLessThan(360);
    expect(grown(driver, leftMib, 50_000, 335)).toBeCloseTo(360);
    expect(grown(driver, 360, 20_000, 335)).toBeGreaterThan(362);
  });

  it('holds what rises to warning against them where they gave for it a short time ago, and grew since', () => {
    const fast = { growthBytesPerSecond: 1000 * MIB };
    const capAfterBites = (pauseMs: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 500 * MIB, cacheBytes: 300 * MIB, growthBytesPerSecond: 0 });
      driver.sample(10, { ...fast, usedBytes: 705 * MIB });
      driver.sample(pauseMs, { usedBytes: 400 * MIB, cacheBytes: 200 * MIB, growthBytesPerSecond: 0 });
      driver.sample(100, { usedBytes: 500 * MIB, cacheBytes: 300 * MIB });
      driver.sample(10, { ...fast, usedBytes: 705 * MIB });
      driver.sample(10, { usedBytes: 500 * MIB, cacheBytes: 200 * MIB, growthBytesPerSecond: 0 });
      return grown(driver, 200, 20_000, 320);
    };
    expect(capAfterBites(1000)).toBeCloseTo(295);
    expect(capAfterBites(30_000)).toBeGreaterThan(350);
  });

  it('does not hold growth of others against them', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 690 * MIB, cacheBytes: 390 * MIB });
    const { evictBytes } = driver.sample(100, { usedBytes: 830 * MIB, cacheBytes: 400 * MIB });
    expect(grown(driver, 400 - evictBytes / MIB, 50_000, 300)).toBeGreaterThan(380);
  });
});

describe('the adaptive policy on a machine that others fill', () => {
  const machine = () => new PolicyDriver(createAdaptivePolicy(), 'system', 10_000 * MIB);
  const small = { rssBytes: 500 * MIB, cacheBytes: 400 * MIB };

  it('pays below emergency for its own part of the overshoot', () => {
    const driver = machine();
    driver.sample(100, { usedBytes: 6000 * MIB, ...small });
    driver.sample(2000, { usedBytes: 7500 * MIB });
    const { evictBytes } = driver.sample(2000, { usedBytes: 9000 * MIB });
    expect(evictBytes).toBeGreaterThan(0.05 * 1100 * MIB);
    expect(evictBytes).toBeLessThan(0.1 * 1100 * MIB);
  });

  it('gives no more than that part of all it has, where others are fast and its collections dear', () => {
    const driver = machine();
    driver.sample(100, { usedBytes: 6000 * MIB, ...small, collectionSeconds: 0.08 });
    const { evictBytes } = driver.sample(100, { usedBytes: 7500 * MIB, growthBytesPerSecond: 15_000 * MIB });
    expect(evictBytes).toBeGreaterThan(10 * MIB);
    expect(evictBytes).toBeLessThan(250 * MIB);
  });

  it('pays like in a container where it is the one that fills it', () => {
    const driver = machine();
    driver.sample(100, { usedBytes: 6000 * MIB, rssBytes: 5500 * MIB, cacheBytes: 5000 * MIB });
    driver.sample(100, { usedBytes: 7500 * MIB, rssBytes: 7000 * MIB });
    const { evictBytes } = driver.sample(100, { usedBytes: 9000 * MIB, rssBytes: 8500 * MIB });
    expect(evictBytes).toBeGreaterThan(1000 * MIB);
  });

  it('pays for all of it in an emergency', () => {
    const driver = machine();
    driver.sample(100, { usedBytes: 6000 * MIB, ...small });
    expect(driver.sample(100, { usedBytes: 9600 * MIB }).evictBytes).toBe(400 * MIB);
  });

  it('lets the caches grow between warning and critical, the further the less of the machine it uses itself', () => {
    const roomAt = (rssBytes: number) => {
      const driver = machine();
      driver.sample(100, { usedBytes: 7200 * MIB, rssBytes, cacheBytes: 300 * MIB });
      return (driver.hold(10_000).at(-1)?.capBytes ?? 0) - 300 * MIB;
    };
    expect(roomAt(400 * MIB)).toBeGreaterThan(400 * MIB);
    expect(roomAt(3000 * MIB)).toBeLessThan(roomAt(400 * MIB));
    expect(roomAt(7000 * MIB)).toBeLessThanOrEqual(0);
  });

  it('lets the caches hold a fiftieth of the machine even at critical, but not in an emergency', () => {
    const driver = machine();
    driver.sample(100, { usedBytes: 8500 * MIB, rssBytes: 100 * MIB, cacheBytes: 0 });
    expect(driver.sample(100).capBytes).toBe(200 * MIB);
    driver.sample(100, { usedBytes: 9600 * MIB, cacheBytes: 150 * MIB });
    expect(driver.sample(100, { cacheBytes: 0 }).capBytes).toBe(0);
  });
});

describe('the adaptive policy over pages that the allocator keeps', () => {
  /** Caches that a ramp of other memory emptied; what they gave is kept, so usage stays where it is. */
  function emptied(heapUsedBytes = 0): PolicyDriver {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 150 * MIB, heapUsedBytes });
    expect(driver.sample(50, { usedBytes: 880 * MIB }).evictBytes).toBe(150 * MIB);
    driver.sample(50, { cacheBytes: 0, retainedBytes: 140 * MIB });
    driver.hold(4900);
    return driver;
  }

  it('lets caches grow into them, by a quarter at most, while usage stays on its plateau', () => {
    const driver = emptied();
    let cacheBytes = 0;
    for (let sample = 0; sample < 100; sample++) {
      const retainedBytes = 140 * MIB - cacheBytes;
      const capBytes = driver.sample(50, { cacheBytes, retainedBytes }).capBytes ?? 0;
      expect(capBytes - cacheBytes).toBeLessThanOrEqual(0.25 * retainedBytes + 1);
      cacheBytes = Math.max(cacheBytes, capBytes);
    }
    expect(cacheBytes).toBeGreaterThan(80 * MIB);
    expect(cacheBytes).toBeLessThan(100 * MIB);
  });

  it('lets them grow no further than the heaps of V8 have room', () => {
    const capAt = (heapUsedBytes: number) => emptied(heapUsedBytes).sample(50).capBytes;
    expect(capAt(500 * MIB)).toBeGreaterThan(0);
    expect(capAt(710 * MIB)).toBe(0);
  });

  it('takes what it tried back when usage rises with them, and tries again ever more rarely', () => {
    const driver = emptied();
    let cacheBytes = 0;
    const triedMs: number[] = [];
    for (let sample = 0; sample < 2000; sample++) {
      const { capBytes } = driver.sample(50, {
        cacheBytes,
        usedBytes: 880 * MIB + cacheBytes,
        growthBytesPerSecond: 0,
      });
      if ((capBytes ?? 0) > cacheBytes && cacheBytes < MIB) triedMs.push(driver.nowMs);
      cacheBytes = capBytes ?? 0;
      expect(cacheBytes).toBeLessThan(30 * MIB);
    }
    const pauses = triedMs.slice(1).map((ms, index) => ms - (triedMs[index] ?? 0));
    const growth = pauses.slice(1).map((pause, index) => pause / (pauses[index] ?? 0));
    expect(
      growth.every((factor) => factor > 3 && factor < 5),
      `${pauses}`,
    ).toBe(true);
    expect(pauses.length).toBeGreaterThan(2);
  });

  it('tries again at once where others leave much more behind', () => {
    const driver = emptied();
    const triedBytes = driver.sample(50, { retainedBytes: 140 * MIB }).capBytes ?? 0;
    expect(triedBytes).toBeGreaterThan(0);
    driver.sample(50, { cacheBytes: triedBytes, usedBytes: 880 * MIB + triedBytes });
    driver.sample(50, { cacheBytes: 0, usedBytes: 880 * MIB });
    driver.hold(700);
    expect(driver.sample(50).capBytes, 'it failed, so not for two seconds').toBe(0);
    driver.sample(50, { retainedBytes: 300 * MIB });
    driver.hold(1000);
    expect(driver.sample(50).capBytes).toBeGreaterThan(0);
  });
});

describe('the adaptive policy in a hurry', () => {
  /** What is given of 400 MiB at 850 MiB of 1000, where usage leapt there from 780. */
  function cutAfterLeap(change: { meanBufferBytes?: number; uncollectedBytes?: number }, laterMs = 0) {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB });
    driver.sample(2000, { usedBytes: 705 * MIB });
    driver.sample(2000, { usedBytes: 780 * MIB });
    if (laterMs === 0) return driver.sample(100, { usedBytes: 850 * MIB, ...change });
    driver.sample(100, { usedBytes: 850 * MIB, roundActive: true });
    return driver.sample(laterMs, { usedBytes: 850 * MIB, ...change, roundActive: false });
  }

  it('collects in any case, and does not wait for what is dead, for half a second after usage leapt', () => {
    const dead = { uncollectedBytes: 300 * MIB };
    expect(cutAfterLeap(dead)).toMatchObject({ collect: 'always' });
    expect(cutAfterLeap(dead, 490)).toMatchObject({ collect: 'always' });
    expect(cutAfterLeap(dead, 510)).toMatchObject({ evictBytes: 0, collect: 'ifDue' });
  });

  it('gives as much as leaves whole pages free', () => {
    const { evictBytes: usualBytes } = cutAfterLeap({});
    const share = usualBytes / (400 * MIB);
    expect(cutAfterLeap({ meanBufferBytes: 4096 }).evictBytes / (400 * MIB)).toBeCloseTo(share ** (1 / 2), 5);
    expect(cutAfterLeap({ meanBufferBytes: 65_536 }).evictBytes / (400 * MIB)).toBeCloseTo(share ** (16 / 17), 5);
  });

  it('takes none to have more than one neighbour on a page, and V8 to have no such pages', () => {
    expect(cutAfterLeap({ meanBufferBytes: 1024 })).toEqual(cutAfterLeap({ meanBufferBytes: 4096 }));
    const heapCut = (meanBufferBytes: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy(), 'heap');
      driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB, meanBufferBytes });
      driver.sample(100, { usedBytes: 780 * MIB });
      return driver.sample(100, { usedBytes: 870 * MIB }).evictBytes;
    };
    expect(heapCut(4096)).toBe(heapCut(0));
  });

  it('pays again with small Buffers for what did not come back', () => {
    const second = (meanBufferBytes: number) => {
      const driver = new PolicyDriver(createAdaptivePolicy());
      driver.sample(100, { usedBytes: 600 * MIB, cacheBytes: 400 * MIB, meanBufferBytes });
      driver.sample(2000, { usedBytes: 780 * MIB });
      const first = driver.sample(100, { usedBytes: 850 * MIB });
      const cacheBytes = 400 * MIB - first.evictBytes;
      return driver.sample(100, { usedBytes: 871 * MIB, cacheBytes }).evictBytes / cacheBytes;
    };
    expect(second(4096)).toBeGreaterThan(0.5);
    expect(second(65_536)).toBeLessThan(0.3);
  });
});
