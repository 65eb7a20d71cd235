import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { describe, expect, it, onTestFinished } from 'vitest';
import type {
  AlertRule,
  CacheRegistration,
  EvictionReport,
  HealthChange,
  LevelChange,
  LocalPressure,
  PressureEvent,
  PressureEvents,
  PressureOptions,
  PressureState,
} from '#src/index.js';
import type { InjectedReading } from '#src/testing.js';

/** A runtime as the thread of the test holds it, and what a test must be able to do to it from outside. */
export interface Subject {
  readonly pressure: LocalPressure;
  inject(readings: InjectedReading | readonly InjectedReading[] | null): Promise<void>;
  sampleNow(): Promise<PressureState>;
  /** What the thread that started the runtime sees of all caches. */
  caches(): Promise<PressureState['caches']>;
  /** Ends the runtime for every thread. */
  stop(): Promise<void>;
}

const MIB = 2 ** 20;

/** Nothing of this machine counts: the only readings are those that a test injects. */
const QUIET: PressureOptions = {
  resources: { system: false, container: false, heap: false, process: false },
  autoEviction: false,
  alerts: false,
};

const at = (share: number): InjectedReading => ({
  resource: 'injected',
  usedBytes: Math.round(share * 1000 * MIB),
  limitBytes: 1000 * MIB,
});

function filled(entries: number, entryBytes: number): Map<number, Buffer> {
  const cache = new Map<number, Buffer>();
  for (let key = 0; key < entries; key++) cache.set(key, Buffer.alloc(entryBytes));
  return cache;
}

/** A hit, a miss and a put. */
function use(registration: CacheRegistration, cache: Map<number, Buffer>): CacheRegistration {
  cache.get(0);
  cache.get(-1);
  cache.set(-1, Buffer.alloc(MIB));
  return registration;
}

function next<E extends PressureEvent>(pressure: LocalPressure, event: E): Promise<PressureEvents[E][0]> {
  return new Promise((resolve) => pressure.once(event, (payload) => resolve(payload)));
}

/**
 * What every holder of a runtime can rely on, whether the runtime was started on its thread or attached to it.
 * @param open a fresh runtime; whatever it needs is taken down at the end of the test.
 */
export function describePressure(title: string, open: (options: PressureOptions) => Promise<Subject>): void {
  const quiet = (options: PressureOptions = {}) => open({ ...QUIET, ...options });

  describe(title, () => {
    it('shows the level and a frozen state', async () => {
      const { pressure, inject } = await quiet();
      expect(pressure.level).toBe('normal');
      await inject(at(0.85));
      expect(pressure.level).toBe('critical');
      const { state } = pressure;
      expect(state).toMatchObject({ level: 'critical', cause: 'injected', simulated: true, health: 'ok' });
      expect(state.resources.injected).toMatchObject({ usedBytes: 850 * MIB, limitBytes: 1000 * MIB });
      expect(Object.isFrozen(state) && Object.isFrozen(state.caches.byName)).toBe(true);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    });

    it('compares levels, and refuses what is none', async () => {
      const { pressure, inject } = await quiet();
      await inject(at(0.85));
      expect(['normal', 'warning', 'critical'].map((level) => pressure.isAtLeast(level as 'normal'))).toEqual([
        true,
        true,
        true,
      ]);
      expect(pressure.isAtLeast('emergency')).toBe(false);
      expect(() => pressure.isAtLeast('high' as 'normal')).toThrow(
        expect.objectContaining({ code: 'ERR_SPILLWAY_ARGUMENT' }),
      );
    });

    it('shows the level also while the event loop is blocked', async () => {
      const { pressure, inject } = await quiet();
      const injected = inject(at(0.97));
      const deadline = performance.now() + 10_000;
      while (pressure.level !== 'emergency' && performance.now() < deadline);
      expect(pressure.level).toBe('emergency');
      expect(pressure.state.level).toBe('emergency');
      await injected;
    });

    it('tells of each transition once', async () => {
      const { pressure, inject } = await quiet();
      const changes: LevelChange[] = [];
      pressure.on('level', (change) => changes.push(change));
      await inject(at(0.72));
      await inject(at(0.73));
      await inject(at(0.96));
      const back = pressure.until('normal', { below: false });
      await inject(at(0.1));
      await pressure.until('warning', { below: true });
      await back;
      await expect.poll(() => changes.length).toBe(3);
      expect(changes.map(({ from, to }) => `${from}>${to}`)).toEqual([
        'normal>warning',
        'warning>emergency',
        'emergency>normal',
      ]);
      expect(changes[1]).toMatchObject({ cause: 'injected', ratio: 0.96, state: { level: expect.any(String) } });
      expect(changes[1]?.summary).toContain('warning -> emergency');
    });

    it('stops telling a listener that was taken off', async () => {
      const { pressure, inject } = await quiet();
      const heard: string[] = [];
      const listener = ({ to }: LevelChange) => heard.push(to);
      pressure.on('level', listener);
      pressure.off('level', listener);
      const other = next(pressure, 'level');
      await inject(at(0.72));
      expect((await other).to).toBe('warning');
      expect(heard).toEqual([]);
    });

    it('goes on telling the others when a listener throws, and reports it', async () => {
      const { pressure, inject } = await quiet();
      const error = next(pressure, 'error');
      pressure.on('level', () => {
        throw new Error('of the test');
      });
      const other = next(pressure, 'level');
      await inject(at(0.72));
      expect((await other).to).toBe('warning');
      expect(await error).toMatchObject({ code: 'ERR_SPILLWAY_LISTENER' });
    });

    it('tells of samples while somebody listens', async () => {
      const { pressure, sampleNow } = await quiet();
      const { sampleCount } = pressure.state;
      const sample = next(pressure, 'sample');
      await sampleNow();
      expect((await sample).sampleCount).toBeGreaterThan(sampleCount);
    });

    it('publishes events on the diagnostics channels', async () => {
      const { pressure, inject } = await quiet();
      const heard = new Promise<unknown>((resolve) => {
        subscribe('spillway:level', resolve);
        onTestFinished(() => void unsubscribe('spillway:level', resolve));
      });
      pressure.on('level', () => undefined);
      await inject(at(0.72));
      expect(await heard).toMatchObject({ to: 'warning' });
    });

    it('tells of alerts, once when they fire and once when they are over', async () => {
      const hot: AlertRule = {
        name: 'hot',
        watch: 'resources.injected.ratio',
        comparison: '>=',
        threshold: 0.8,
        forMs: 0,
        cooldownMs: 0,
        severity: 'critical',
        unit: 'ratio',
        message: 'at {value}',
      };
      const { pressure, inject } = await quiet({ alerts: [hot] });
      const told: string[] = [];
      pressure.on('alert', ({ rule, status }) => told.push(`${rule} ${status}`));
      for (const share of [0.85, 0.86, 0.3]) await inject(at(share));
      await expect.poll(() => told).toEqual(['hot firing', 'hot resolved']);
    });

    it('counts what a cache is used for', async () => {
      const { pressure } = await quiet();
      const cache = filled(1, MIB);
      const { stats, bytes } = use(pressure.register(cache, { name: 'frame' }), cache);
      expect(bytes).toBe(2 * MIB);
      expect(stats).toMatchObject({
        bytes: 2 * MIB,
        entries: 2,
        hits: 1,
        misses: 1,
        puts: 1,
        hitRate: 0.5,
        regrets: 0,
      });
    });

    it('counts the caches of the thread', async () => {
      const { pressure, caches } = await quiet();
      const lru = new LRUCache<number, Buffer>({ maxSize: 100 * MIB, sizeCalculation: (value) => value.byteLength });
      const map = new Map<number, Buffer>();
      pressure.register(lru, { name: 'lru' });
      using registration = pressure.register(map, { name: 'map' });
      lru.set(1, Buffer.alloc(3 * MIB));
      map.set(1, Buffer.alloc(2 * MIB));
      expect(pressure.state.caches).toEqual({ totalBytes: 5 * MIB, byName: { lru: 3 * MIB, map: 2 * MIB } });
      expect(await caches()).toEqual(pressure.state.caches);
      map.delete(1);
      expect(registration.bytes).toBe(0);
      registration.unregister();
      expect(pressure.state.caches.byName).toEqual({ lru: 3 * MIB });
    });

    it.each([
      ['a name twice', 'ERR_SPILLWAY_CACHE_DUPLICATE', new Map(), 'frame'],
      ['something that is no cache', 'ERR_SPILLWAY_CACHE_UNSUPPORTED', new Set(), 'other'],
      ['a name that is too long', 'ERR_SPILLWAY_ARGUMENT', new Map(), 'x'.repeat(65)],
    ])('refuses %s', async (_, code, cache, name) => {
      const { pressure } = await quiet();
      pressure.register(new Map(), { name: 'frame' });
      expect(() => pressure.register(cache as Map<unknown, unknown>, { name })).toThrow(
        expect.objectContaining({ code }),
      );
    });

    it('evicts on demand, the lowest priority first, and respects floors', async () => {
      const { pressure } = await quiet();
      const first = filled(10, MIB);
      const last = filled(10, MIB);
      pressure.register(last, { name: 'last', priority: 20 });
      pressure.register(first, { name: 'first', priority: 10, minBytes: 4 * MIB });
      const event = next(pressure, 'eviction');
      const report = await pressure.evict(8 * MIB);
      expect(report).toMatchObject({
        requestedBytes: 8 * MIB,
        evictedBytes: 8 * MIB,
        verdict: 'met',
        policy: 'manual',
      });
      expect([first.size, last.size]).toEqual([4, 8]);
      expect(report.caches.map(({ name, evictedBytes }) => [name, evictedBytes])).toEqual(
        expect.arrayContaining([
          ['first', 6 * MIB],
          ['last', 2 * MIB],
        ]),
      );
      expect((await event).id).toBe(report.id);
    });

    it('measures what an eviction gave back', async () => {
      const { pressure, sampleNow } = await quiet({ collectGarbage: 'never' });
      pressure.register(new Map(), { name: 'empty' });
      const report = await pressure.evict(MIB);
      await sampleNow();
      const settled: EvictionReport = await report.settled;
      expect(settled.verdict).toBe('nothing-to-evict');
      expect(settled.returnedBytes).not.toBeNull();
    });

    it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses to evict %s bytes', async (bytes) => {
      const { pressure } = await quiet();
      await expect(pressure.evict(bytes)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
    });

    it('pays inside a cache operation while the event loop is blocked', async () => {
      const { pressure } = await quiet();
      const cache = filled(50, 64 * 1024);
      pressure.register(cache, { name: 'frame' });
      const asked = pressure.evict(MIB);
      for (let tick = 0; tick < 10; tick++) await null; // calls of one turn are joined before they are sent; no message comes in here
      const deadline = performance.now() + 10_000;
      while (cache.size === 50 && performance.now() < deadline) cache.get(49);
      expect(cache.size).toBe(34);
      expect(cache.has(49)).toBe(true); // it was in use
      expect((await asked).evictedBytes).toBe(MIB);
    });

    it('evicts by itself when it is pressed', async () => {
      const { pressure, inject } = await quiet({ autoEviction: true });
      const cache = filled(100, MIB);
      pressure.register(cache, { name: 'frame' });
      await inject(at(0.5));
      const round = next(pressure, 'eviction');
      await inject(at(0.97));
      expect((await round).cause).toBe('injected');
      expect(cache.size).toBeLessThan(100);
    });

    it('waits until a level is reached, or left', async () => {
      const { pressure, inject } = await quiet();
      await pressure.until('critical', { below: true });
      const pressed = pressure.until('critical');
      await inject(at(0.82));
      await pressed;
      const relieved = pressure.until('critical', { below: true });
      await inject(at(0.2));
      await relieved;
      expect(pressure.level).toBe('normal');
    });

    it('reserves up to the emergency threshold of the limit, and not a byte beyond', async () => {
      const { pressure, inject } = await quiet();
      await inject(at(0.5));
      let granted = 0;
      while (pressure.reserve(MIB) !== null) granted++;
      expect(granted).toBe(450);
      expect(pressure.reserve(1)).toBeNull();
    });

    it('counts a reservation as used until it is released', async () => {
      const { pressure, inject, sampleNow } = await quiet();
      await inject(at(0.5));
      const held = pressure.reserve(400 * MIB);
      expect(held?.bytes).toBe(400 * MIB);
      await sampleNow();
      await sampleNow();
      expect(pressure.reserve(100 * MIB)).toBeNull();
      held?.release();
      held?.release();
      await sampleNow();
      using again = pressure.reserve(400 * MIB);
      expect(again).not.toBeNull();
      expect(pressure.reserve(100 * MIB)).toBeNull();
    });

    it('makes room for a reservation by evicting while the caller waits', async () => {
      const { pressure, inject, sampleNow } = await quiet();
      const cache = filled(40, MIB);
      pressure.register(cache, { name: 'frame' });
      await inject(at(0.94));
      await sampleNow();
      const reservation = pressure.reserve(30 * MIB);
      expect(reservation).toBeNull(); // the injected use does not fall
      expect(cache.size).toBeLessThanOrEqual(20);
    });

    it.each([Number.NaN, -1, '5'])('refuses to reserve %s', async (bytes) => {
      const { pressure } = await quiet();
      expect(() => pressure.reserve(bytes as number)).toThrow(
        expect.objectContaining({ code: 'ERR_SPILLWAY_ARGUMENT' }),
      );
    });

    it('reports what was never released when it ends', async () => {
      const { pressure, inject, stop } = await quiet();
      await inject(at(0.5));
      pressure.reserve(MIB);
      const error = next(pressure, 'error');
      await stop();
      expect(await error).toMatchObject({ code: 'ERR_SPILLWAY_RESERVATION' });
      expect(() => pressure.reserve(1)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }));
    });

    it('admits work once the level is below critical, or the level that is named', async () => {
      const { pressure, inject } = await quiet();
      await pressure.admit();
      await inject(at(0.85));
      const admitted = pressure.admit();
      const abort = new AbortController();
      const calm = expect(pressure.admit({ at: 'warning', signal: abort.signal })).rejects.toThrow('enough');
      await inject(at(0.72));
      await admitted;
      abort.abort(new Error('enough'));
      await calm;
    });

    it('lets go of a wait that is aborted', async () => {
      const { pressure } = await quiet();
      const abort = new AbortController();
      const waiting = pressure.until('critical', { signal: abort.signal });
      abort.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      await expect(pressure.until('critical', { signal: abort.signal })).rejects.toThrow('enough');
    });

    it('ends with the runtime: caches are restored, calls refused, waits rejected', async () => {
      const { pressure, stop } = await quiet();
      const cache = filled(3, MIB);
      pressure.register(cache, { name: 'frame' });
      expect(Object.getOwnPropertyNames(cache)).not.toEqual([]);
      const ended: Promise<HealthChange> = next(pressure, 'health');
      const waiting = expect(pressure.until('critical')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
      await stop();
      expect(await ended).toMatchObject({ from: 'ok', to: 'stopped' });
      await waiting;
      expect(pressure.state).toMatchObject({ health: 'stopped', caches: { totalBytes: 0 } });
      expect(Object.getOwnPropertyNames(cache)).toEqual([]);
      expect(() => pressure.register(new Map(), { name: 'late' })).toThrow(
        expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }),
      );
      await expect(pressure.evict(1)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    });

    it('works, and evicts nothing, when it is switched off', async () => {
      const { pressure } = await quiet({ enabled: false });
      const cache = filled(3, MIB);
      pressure.register(cache, { name: 'frame' });
      expect(pressure.state).toMatchObject({ level: 'normal', health: 'ok', caches: { totalBytes: 3 * MIB } });
      expect(await pressure.evict(MIB)).toMatchObject({ evictedBytes: 0, verdict: 'nothing-to-evict' });
      expect(cache.size).toBe(3);
    });
  });
}
