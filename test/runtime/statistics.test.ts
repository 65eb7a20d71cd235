import { afterEach, describe, expect, it } from 'vitest';
import { type AlertChange, type AlertRule, type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';

let pressure: PressureRuntime | null = null;
afterEach(() => pressure?.stop());

const LIMIT_BYTES = 2 ** 40;
const systemAt = (ratio: number) =>
  ({ resource: 'system', usedBytes: ratio * LIMIT_BYTES, limitBytes: LIMIT_BYTES }) as const;

describe('statistics', () => {
  it('count hits, misses and puts of a cache, and judge it', async () => {
    pressure = await startPressureRuntime();
    const cache = new Map<string, string>();
    pressure.register(cache, { name: 'names', rebuildCost: 2 });
    cache.set('a', 'b');
    for (let read = 0; read < 150; read++) cache.get('a');
    for (let read = 0; read < 50; read++) cache.get('z');
    const { caches, total } = pressure.statistics();
    expect(caches).toMatchObject([
      {
        name: 'names',
        bytes: 2,
        entries: 1,
        hits: 150,
        misses: 50,
        puts: 1,
        regrets: 0,
        hitRate: 0.75,
        last5m: { hits: 150, misses: 50, hitRate: 0.75 },
        sparedMs: 300,
        worth: { verdict: 'worth-it' },
      },
    ]);
    expect(total).toMatchObject({ hits: 150, misses: 50, bytes: 2 });
  });

  it('count rounds of eviction and the time at each level', async () => {
    pressure = await startPressureRuntime({ autoEviction: false });
    const cache = new Map([['a', Buffer.alloc(1000)]]);
    pressure.register(cache, { name: 'frames' });
    await inject(pressure, systemAt(0.85));
    const report = await pressure.evict(500);
    await report.settled;
    const { evictions, levelSeconds } = pressure.statistics();
    expect(evictions.critical).toMatchObject({ rounds: 1, evictedBytes: 1000 });
    expect(evictions.normal.rounds).toBe(0);
    expect(levelSeconds.critical).toBeGreaterThan(0);
    expect(levelSeconds.warning).toBe(0);
  });

  it('count failed readings by source', async () => {
    pressure = await startPressureRuntime({ alerts: false });
    expect(pressure.statistics().sampler.failures).toEqual({ system: 0, container: 0, heap: 0, process: 0 });
    const impossible = { resource: 'container', usedBytes: 1, limitBytes: 0 } as const;
    await inject(pressure, impossible);
    await sampleNow(pressure);
    expect(pressure.statistics().sampler.failures).toEqual({ system: 0, container: 2, heap: 0, process: 0 });
  });

  it('contain nothing that JSON would turn into null', async () => {
    pressure = await startPressureRuntime();
    pressure.register(new Map(), { name: 'empty' });
    const text = JSON.stringify(pressure.statistics(), (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? expect.fail(`${value} in statistics`) : value,
    );
    expect(JSON.parse(text)).toMatchObject({ caches: [{ name: 'empty', hitRate: null }] });
  });
});

describe('alerts', () => {
  const hot: AlertRule = {
    name: 'hot',
    watch: 'resources.system.ratio',
    comparison: '>=',
    threshold: 0.8,
    forMs: 0,
    cooldownMs: 0,
    severity: 'critical',
    unit: 'ratio',
    message: 'system at {value}',
  };

  async function start(alerts: readonly AlertRule[] | boolean): Promise<AlertChange[]> {
    pressure = await startPressureRuntime({ autoEviction: false, alerts });
    const told: AlertChange[] = [];
    pressure.on('alert', (change) => told.push(change));
    return told;
  }

  it('fire once and resolve once, however many samples are taken', async () => {
    const told = await start([hot]);
    if (pressure === null) return;
    for (const ratio of [0.85, 0.86, 0.87, 0.3, 0.3]) await inject(pressure, systemAt(ratio));
    expect(told.map(({ rule, status }) => `${rule} ${status}`)).toEqual(['hot firing', 'hot resolved']);
    expect(pressure.alerts).toEqual([]);
  });

  it('do not fire for one sample when the rule must hold', async () => {
    const told = await start([{ ...hot, forMs: 600_000 }]);
    if (pressure === null) return;
    await inject(pressure, systemAt(0.99));
    expect(pressure.alerts).toMatchObject([{ rule: 'hot', status: 'pending' }]);
    await inject(pressure, systemAt(0.3));
    expect(told).toEqual([]);
  });

  it('see an emergency that came and went while the thread was blocked', async () => {
    const told = await start(true);
    if (pressure === null) return;
    const risen = inject(pressure, systemAt(0.97));
    const fallen = inject(pressure, systemAt(0.3));
    const until = performance.now() + 300;
    while (performance.now() < until);
    await Promise.all([risen, fallen]);
    expect(told).toMatchObject([{ rule: 'system-emergency', status: 'firing', value: 0.97 }]);
  });

  it('see a cache that never hits', async () => {
    const told = await start([
      {
        ...hot,
        name: 'useless',
        watch: 'caches.*.last5m.hitRate',
        comparison: '<=',
        threshold: 0.01,
        message: '{subject}',
      },
    ]);
    if (pressure === null) return;
    const useless = new Map<number, string>();
    const useful = new Map([[0, 'x']]);
    pressure.register(useless, { name: 'useless' });
    pressure.register(useful, { name: 'useful' });
    for (let read = 0; read < 1000; read++) {
      useless.get(read);
      useful.get(0);
    }
    pressure.statistics();
    const fired = new Promise((resolve) => pressure?.once('alert', resolve));
    const nudge = setInterval(() => void (pressure && sampleNow(pressure)), 50);
    await fired.finally(() => clearInterval(nudge));
    expect(told).toMatchObject([{ rule: 'useless', subject: 'useless', status: 'firing' }]);
  });

  it('can watch a metric by its name', async () => {
    const told = await start([{ ...hot, watch: 'spillway_pressure_ratio' }]);
    if (pressure === null) return;
    await inject(pressure, systemAt(0.9));
    expect(told).toMatchObject([{ subject: 'system', value: 0.9 }]);
  });

  it('are off when the option says so', async () => {
    const told = await start(false);
    if (pressure === null) return;
    await inject(pressure, systemAt(0.99));
    expect(told).toEqual([]);
  });

  it.each([
    [[{ ...hot, name: '' }], 'alerts[0].name'],
    [[{ ...hot, threshold: Number.NaN }], 'alerts[0].threshold'],
    [[{ ...hot, release: 0.9 }], 'alerts[0].release'],
    [[{ ...hot, forMs: -1 }], 'alerts[0].forMs'],
    [[hot, hot], 'alerts[1].name'],
    [[{ ...hot, colour: 'red' }], 'alerts[0].colour'],
    ['all', 'alerts'],
  ])('refuse rules that cannot be meant: %j', async (alerts, path) => {
    const start = startPressureRuntime({ alerts: alerts as AlertRule[] });
    await expect(start).rejects.toMatchObject({ code: 'ERR_SPILLWAY_OPTION', message: expect.stringContaining(path) });
  });
});
