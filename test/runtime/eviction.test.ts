import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import type { EvictionReport, PressureRuntime, SpillwayError } from '#src/index.js';
import { inject } from '#src/testing.js';
import { CountedCache, StrangeCache } from '../support/caches.js';
import { next, startQuiet } from '../support/runtimes.js';

const KIB = 1024;

/** What each cache of a report did, by name: [asked, evicted, error]. */
function deeds(report: EvictionReport): Record<string, (number | string | undefined)[]> {
  return Object.fromEntries(
    report.caches.map((cache) => [
      cache.name,
      cache.error === undefined
        ? [cache.requestedBytes, cache.evictedBytes]
        : [cache.requestedBytes, cache.evictedBytes, cache.error],
    ]),
  );
}

function filledLru(entries: number, entryBytes: number): LRUCache<number, Buffer> {
  const cache = new LRUCache<number, Buffer>({ maxSize: 1e9, sizeCalculation: (value) => value.length });
  for (let key = 0; key < entries; key++) cache.set(key, Buffer.alloc(entryBytes));
  return cache;
}

const errorsOf = (pressure: PressureRuntime): SpillwayError[] => {
  const errors: SpillwayError[] = [];
  pressure.on('error', (error) => errors.push(error));
  return errors;
};

describe('a round of eviction', () => {
  it('asks lower priorities first, each for what is still missing, and stops when the demand is met', async () => {
    const pressure = await startQuiet();
    const [validation, resize, frame] = [new CountedCache(100), new CountedCache(300), new CountedCache(500)];
    pressure.register(frame, { name: 'frame', priority: 30 });
    pressure.register(validation, { name: 'validation', priority: 10 });
    pressure.register(resize, { name: 'resize', priority: 20 });

    const report = await pressure.evict(250);
    expect(deeds(report)).toEqual({ validation: [100, 100], resize: [150, 150] });
    expect(frame.asked).toEqual([]);
    expect(report).toMatchObject({
      policy: 'manual',
      level: 'normal',
      cause: null,
      requestedBytes: 250,
      evictedBytes: 250,
      returnedBytes: null,
      verdict: 'met',
    });
    expect(pressure.state.caches).toEqual({ totalBytes: 650, byName: { frame: 500, validation: 0, resize: 150 } });
  });

  it('shares among equal priorities in proportion to what they hold', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(300), { name: 'a', priority: 5 });
    pressure.register(new CountedCache(100), { name: 'b', priority: 5 });
    expect(deeds(await pressure.evict(100))).toEqual({ a: [75, 75], b: [25, 25] });
  });

  it('respects floors, and says so by a partial verdict', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(100), { name: 'a', priority: 1, minBytes: 80 });
    pressure.register(new CountedCache(100), { name: 'b', priority: 2, minBytes: '100B' });
    const report = await pressure.evict(150);
    expect(deeds(report)).toEqual({ a: [20, 20] });
    expect(report.verdict).toBe('partial');
  });

  it('passes over floors where respectCacheLimits is off', async () => {
    const pressure = await startQuiet({ respectCacheLimits: false });
    pressure.register(new CountedCache(100), { name: 'a', priority: 1, minBytes: 80 });
    pressure.register(new CountedCache(100), { name: 'b', priority: 2, minBytes: 100 });
    expect(deeds(await pressure.evict(150))).toEqual({ a: [100, 100], b: [50, 50] });
  });

  it('keeps an LRUCache above its floor although entries are larger than what is missing', async () => {
    const pressure = await startQuiet();
    const cache = filledLru(10, 100 * KIB);
    const registration = pressure.register(cache, { name: 'lru', minBytes: 450 * KIB });
    const report = await pressure.evict(10_000 * KIB);
    expect(cache.calculatedSize).toBe(500 * KIB);
    expect(registration.bytes).toBe(500 * KIB);
    expect(report.caches[0]).toMatchObject({ evictedBytes: 500 * KIB, entries: 5 });
    expect([...cache.keys()].sort()).toEqual([5, 6, 7, 8, 9]);
  });

  it('has nothing to evict without caches, at once and for good', async () => {
    const pressure = await startQuiet();
    const report = await pressure.evict(1000);
    expect(report).toMatchObject({ verdict: 'nothing-to-evict', evictedBytes: 0, returnedBytes: 0, caches: [] });
    expect(await report.settled).toEqual(report);
  });

  it('is met at once when nothing is asked for', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(100);
    pressure.register(cache, { name: 'a' });
    expect(await pressure.evict(0)).toMatchObject({ verdict: 'met', evictedBytes: 0 });
    expect(cache.asked).toEqual([]);
  });

  it('sees what a cache holds now, although nobody told', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(0);
    const registration = pressure.register(cache, { name: 'a' });
    cache.bytes = 1000;
    expect(deeds(await pressure.evict(400))).toEqual({ a: [400, 400] });
    expect(registration.bytes).toBe(600);
  });

  it('tells each cache of the round, its level and its cause', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(1000);
    pressure.register(cache, { name: 'a' });
    await inject(pressure, { resource: 'injected', usedBytes: 85, limitBytes: 100 });
    const report = await pressure.evict(10);
    const urgent = await pressure.evict(10, { level: 'emergency' });
    expect(cache.requests.map(({ level, cause, round }) => ({ level, cause, round }))).toEqual([
      { level: 'critical', cause: 'injected', round: report.id },
      { level: 'emergency', cause: 'injected', round: urgent.id },
    ]);
    expect(cache.requests[0]?.signal.aborted).toBe(false);
    expect(urgent.level).toBe('emergency');
    expect(urgent.id).toBeGreaterThan(report.id);
  });

  it('is told of by one event with the report that the caller gets', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(1000), { name: 'a' });
    const told = next<EvictionReport>((listener) => pressure.once('eviction', listener));
    const report = await pressure.evict(10);
    expect(await told).toEqual(report);
  });

  it('carries its settlement beside the report, and JSON has no trace of it', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(1000), { name: 'a' });
    const report = await pressure.evict(10);
    expect(Object.keys(report)).not.toContain('settled');
    expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report });
    await pressure.stop();
    expect((await report.settled).id).toBe(report.id);
  });
});

describe('a cache that misbehaves', () => {
  const never = () => new Promise<number>(() => undefined);

  it.each<[string, string, number, ConstructorParameters<typeof StrangeCache>[1]]>([
    [
      'throws',
      'threw',
      0,
      () => {
        throw new Error('out of order');
      },
    ],
    ['rejects', 'rejected', 0, () => Promise.reject(new Error('out of order'))],
    ['answers NaN', 'lied', 0, () => Number.NaN],
    ['answers -500', 'lied', 0, () => -500],
    ['answers Infinity', 'lied', 0, () => Number.POSITIVE_INFINITY],
    ['answers more than it held', 'lied', 0, () => 1001],
    ['answers with no number', 'lied', 0, () => 'lots' as unknown as number],
    ['answers with nothing', 'lied', 0, () => undefined as unknown as number],
    ['resolves with NaN', 'lied', 0, async () => Number.NaN],
    [
      'frees part and then throws',
      'threw',
      300,
      function () {
        this.drop(300);
        throw new Error('half way');
      },
    ],
    [
      'frees part and then rejects',
      'rejected',
      300,
      async function () {
        this.drop(300);
        throw new Error('half way');
      },
    ],
    [
      'throws what is no error',
      'threw',
      0,
      () => {
        throw Object.create(null);
      },
    ],
    [
      'tells an impossible size afterwards',
      'lied',
      0,
      function () {
        this.bytes = Number.NaN;
        return 5;
      },
    ],
    ['hangs past its deadline', 'timed-out', 0, never],
  ])('and %s is isolated and reported as having %s; the others make up for it', async (_, outcome, evicted, behave) => {
    const pressure = await startQuiet();
    const errors = errorsOf(pressure);
    const bad = new StrangeCache(1000, behave);
    const good = new CountedCache(5000);
    pressure.register(bad, { name: 'bad', priority: 1 });
    pressure.register(good, { name: 'good', priority: 2 });
    const report = await pressure.evict(800);
    expect(deeds(report)).toEqual({ bad: [800, evicted, outcome], good: [800 - evicted, 800 - evicted] });
    expect(report).toMatchObject({ evictedBytes: 800, verdict: 'met' });
    expect(errors.map((error) => error.code)).toEqual(['ERR_SPILLWAY_CACHE_FAILED']);
    expect(errors[0]?.message).toContain("'bad'");
  });

  it('and claims what it did not drop is believed no more than its own bytes', async () => {
    const pressure = await startQuiet();
    pressure.register(new StrangeCache(1000, () => 800), { name: 'boaster', priority: 1 });
    pressure.register(new CountedCache(5000), { name: 'good', priority: 2 });
    const report = await pressure.evict(800);
    expect(deeds(report)).toEqual({ boaster: [800, 0], good: [800, 800] });
  });

  it('and grows instead has evicted nothing', async () => {
    const pressure = await startQuiet();
    const grower = new StrangeCache(1000, function () {
      this.bytes += 500;
      return 0;
    });
    pressure.register(grower, { name: 'grower', priority: 1 });
    const report = await pressure.evict(800);
    expect(deeds(report)).toEqual({ grower: [800, 0] });
    expect(pressure.state.caches.totalBytes).toBe(1500);
  });

  it('is asked last, as a probe, after three failures in a row, and as before once it succeeds', async () => {
    const pressure = await startQuiet();
    errorsOf(pressure);
    let broken = true;
    const moody = new StrangeCache(1000, function (bytes) {
      if (broken) throw new Error('not today');
      return this.drop(bytes);
    });
    const good = new CountedCache(1000);
    pressure.register(moody, { name: 'moody', priority: 1 });
    pressure.register(good, { name: 'good', priority: 2 });
    for (let round = 0; round < 3; round++) await pressure.evict(10);
    expect(moody.asked).toHaveLength(3);
    await pressure.evict(10);
    expect(moody.asked).toHaveLength(3); // in quarantine: the other one had enough
    expect(good.asked).toHaveLength(4);
    broken = false;
    expect(deeds(await pressure.evict(good.bytes + 100))).toEqual({ good: [960, 960], moody: [100, 100] });
    expect(deeds(await pressure.evict(50))).toEqual({ moody: [50, 50] });
  });

  it('and unregisters itself while it is asked is gone, and what it dropped counts', async () => {
    const pressure = await startQuiet();
    const errors = errorsOf(pressure);
    const quitter: StrangeCache = new StrangeCache(1000, function (bytes) {
      registration.unregister();
      return this.drop(bytes / 2);
    });
    const registration = pressure.register(quitter, { name: 'quitter', priority: 1 });
    pressure.register(new CountedCache(5000), { name: 'good', priority: 2 });
    const report = await pressure.evict(800);
    expect(deeds(report)).toEqual({ quitter: [800, 400, 'gone'], good: [400, 400] });
    expect(pressure.state.caches).toEqual({ totalBytes: 4600, byName: { good: 4600 } });
    expect(errors).toEqual([]);
  });

  it('and unregisters another one in the middle of the round takes it out of the round', async () => {
    const pressure = await startQuiet();
    const second = new CountedCache(1000);
    const third = new CountedCache(1000);
    const first = new StrangeCache(100, function (bytes) {
      registration.unregister();
      return this.drop(bytes);
    });
    pressure.register(first, { name: 'first', priority: 1 });
    const registration = pressure.register(second, { name: 'second', priority: 2 });
    pressure.register(third, { name: 'third', priority: 3 });
    const report = await pressure.evict(500);
    expect(deeds(report)).toMatchObject({ first: [100, 100], third: [400, 400] });
    expect(second.asked).toEqual([]);
    expect(report.evictedBytes).toBe(500);
  });

  it('and registers itself anew, and others, in the middle of the round disturbs nobody', async () => {
    const pressure = await startQuiet();
    const restless: StrangeCache = new StrangeCache(1000, function (bytes) {
      registration.unregister();
      registration = pressure.register(restless, { name: 'restless', priority: 1 });
      pressure.register(new CountedCache(10), { name: `child ${this.asked.length}`, priority: 1 });
      return this.drop(bytes);
    });
    let registration = pressure.register(restless, { name: 'restless', priority: 1 });
    pressure.register(new CountedCache(5000), { name: 'good', priority: 2 });
    const report = await pressure.evict(800);
    expect(report.evictedBytes).toBeGreaterThanOrEqual(800);
    const { totalBytes, byName } = pressure.state.caches;
    expect(totalBytes).toBe(Object.values(byName).reduce((sum, bytes) => sum + bytes, 0));
    expect(registration.bytes).toBe(restless.bytes);
    registration.unregister();
    expect(Object.keys(pressure.state.caches.byName)).not.toContain('restless');
  });

  it('and is asynchronous is waited for, while the loop is free', async () => {
    const pressure = await startQuiet();
    const slow = new StrangeCache(1000, async function (bytes) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return this.drop(bytes);
    });
    const other = new CountedCache(1000);
    pressure.register(slow, { name: 'slow', priority: 1 });
    pressure.register(other, { name: 'other', priority: 2 });
    for (const level of ['warning', 'emergency'] as const) {
      expect(deeds(await pressure.evict(100, { level }))).toEqual({ slow: [100, 100] });
    }
    expect(other.asked).toEqual([]);
  });

  it('and returns the promise of another library is waited for as well', async () => {
    const pressure = await startQuiet();
    const foreign = new StrangeCache(1000, function (bytes) {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
      return { then: (resolve: (value: number) => void) => resolve(this.drop(bytes)) } as unknown as Promise<number>;
    });
    pressure.register(foreign, { name: 'foreign' });
    expect(deeds(await pressure.evict(100))).toEqual({ foreign: [100, 100] });
  });
});

describe('evict() called together', () => {
  it('three times is one full target, not three', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(10_000);
    pressure.register(cache, { name: 'a' });
    const reports = await Promise.all([pressure.evict(1000), pressure.evict(1000), pressure.evict(1000)]);
    expect(cache.bytes).toBe(9000);
    expect(new Set(reports.map((report) => report.id)).size).toBe(1);
    expect(reports.every((report) => report.evictedBytes === 1000)).toBe(true);
  });

  it('takes the largest target where they differ', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(10_000);
    pressure.register(cache, { name: 'a' });
    await Promise.all([pressure.evict(100), pressure.evict(3000), pressure.evict(1000)]);
    expect(cache.bytes).toBe(7000);
  });

  it('is a new round once the one before has ended', async () => {
    const pressure = await startQuiet();
    const cache = new CountedCache(10_000);
    pressure.register(cache, { name: 'a' });
    const first = await pressure.evict(1000);
    const second = await pressure.evict(1000);
    expect(cache.bytes).toBe(8000);
    expect(second.id).toBeGreaterThan(first.id);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '100'])('refuses %s bytes', async (bytes) => {
    const pressure = await startQuiet();
    await expect(pressure.evict(bytes as number)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
  });

  it('refuses a level that is none, and a stopped runtime', async () => {
    const pressure = await startQuiet();
    await expect(pressure.evict(1, { level: 'panic' as 'warning' })).rejects.toMatchObject({
      code: 'ERR_SPILLWAY_ARGUMENT',
    });
    await pressure.stop();
    await expect(pressure.evict(1)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('answers those that wait when the runtime is stopped', async () => {
    const pressure = await startQuiet();
    errorsOf(pressure);
    let waiting: Promise<EvictionReport> | undefined;
    await new Promise<void>((asked) => {
      const hanging = new StrangeCache(1000, () => {
        asked();
        return new Promise<number>(() => undefined);
      });
      pressure.register(hanging, { name: 'hanging' });
      waiting = pressure.evict(100);
    });
    await pressure.stop();
    expect((await waiting)?.evictedBytes).toBe(0);
  });
});
