import { describe, expect, it } from 'vitest';
import type { HealthChange, Level, LevelChange, PressureOptions, PressureRuntime, Resource } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';
import { unfitForJson } from '../support/json.js';
import { next, startQuiet } from '../support/runtimes.js';

const LIMIT = 1e10;

const press = (pressure: PressureRuntime, ratio: number, resource: Resource = 'injected') =>
  inject(pressure, { resource, usedBytes: ratio * LIMIT, limitBytes: LIMIT });

function changesOf(pressure: PressureRuntime): LevelChange[] {
  const changes: LevelChange[] = [];
  pressure.on('level', (change) => changes.push(change));
  return changes;
}

/** Injects each ratio in turn. @returns the level after each, read when `inject` has resolved. */
async function levelsOf(pressure: PressureRuntime, ratios: readonly number[]): Promise<Level[]> {
  const levels: Level[] = [];
  for (const ratio of ratios) {
    await press(pressure, ratio);
    levels.push(pressure.level);
  }
  return levels;
}

describe('a running runtime', () => {
  it.each<[number, Level]>([
    [0, 'normal'],
    [0.6999, 'normal'],
    [0.7, 'warning'],
    [0.7999, 'warning'],
    [0.8, 'critical'],
    [0.9499, 'critical'],
    [0.95, 'emergency'],
    [1.2, 'emergency'],
  ])('classifies %f as %s', async (ratio, level) => {
    const pressure = await startQuiet();
    const changes = changesOf(pressure);
    await press(pressure, ratio);
    expect(pressure.level).toBe(level);
    expect(pressure.state).toMatchObject({ level, cause: level === 'normal' ? null : 'injected', simulated: true });
    expect(pressure.state.resources.injected).toMatchObject({ level, ratio, limitBytes: LIMIT });
    expect(changes.map(({ from, to }) => [from, to])).toEqual(level === 'normal' ? [] : [['normal', level]]);
  });

  it.each<[string, number[], Level[]]>([
    ['keeps a level down to just above its release point', [0.7, 0.65, 0.65], ['warning', 'warning', 'warning']],
    ['leaves it just below', [0.7, 0.6499], ['warning', 'normal']],
    ['keeps critical at 0.75 and leaves it below', [0.8, 0.75, 0.7499], ['critical', 'critical', 'warning']],
    ['keeps emergency at 0.9 and leaves it below', [0.95, 0.9, 0.8999], ['emergency', 'emergency', 'critical']],
    ['jumps over levels in both directions', [0.5, 0.97, 0.5], ['normal', 'emergency', 'normal']],
    [
      'falls from emergency by the release points',
      [0.96, 0.89, 0.76, 0.74, 0.64],
      ['emergency', 'critical', 'critical', 'warning', 'normal'],
    ],
  ])('%s', async (_, ratios, levels) => {
    expect(await levelsOf(await startQuiet(), ratios)).toEqual(levels);
  });

  it('makes one transition of a ratio that flaps around a threshold', async () => {
    const pressure = await startQuiet();
    const changes = changesOf(pressure);
    await levelsOf(pressure, [0.71, 0.69, 0.71, 0.69, 0.71, 0.69]);
    expect(changes.map(({ to }) => to)).toEqual(['warning']);
  });

  it('classifies what was read, not what the page rounds to whole bytes', async () => {
    const pressure = await startQuiet();
    await inject(pressure, { resource: 'injected', usedBytes: 0.6999, limitBytes: 1 });
    expect(pressure.level).toBe('normal');
    expect(pressure.state.resources.injected?.ratio).toBe(0.6999);
    await inject(pressure, { resource: 'injected', usedBytes: 0.28, limitBytes: 0.4 });
    expect(pressure.level).toBe('warning');
    expect(pressure.state.resources.injected?.ratio).toBe(0.7);
  });

  it('follows thresholds and a release distance of its own', async () => {
    const options: PressureOptions = {
      thresholds: { warning: 0.1, critical: 0.2, emergency: 0.3 },
      hysteresis: { enableDelta: 0 },
    };
    expect(await levelsOf(await startQuiet(options), [0.0999, 0.1, 0.2, 0.1999, 0.3, 0.0999])).toEqual([
      'normal',
      'warning',
      'critical',
      'warning',
      'emergency',
      'normal',
    ]);
  });

  it('gives each resource its own thresholds', async () => {
    const own = { warning: 0.2, critical: 0.3, emergency: 0.4 };
    const pressure = await startQuiet({
      resources: { system: false, container: false, heap: false, process: { limitBytes: '1TB', thresholds: own } },
    });
    await press(pressure, 0.25, 'process');
    expect(pressure.level).toBe('warning');
    await press(pressure, 0.25, 'system');
    expect(pressure.level).toBe('normal');
  });

  it('is at the highest level of its resources, and names the one that set it', async () => {
    const pressure = await startQuiet();
    const reading = (resource: Resource, ratio: number) => ({ resource, usedBytes: ratio * LIMIT, limitBytes: LIMIT });
    const changes = changesOf(pressure);
    await inject(pressure, [reading('system', 0.79), reading('container', 0.81), reading('heap', 0.2)]);
    expect(pressure.state).toMatchObject({ level: 'critical', cause: 'container' });
    expect(pressure.state.resources).toMatchObject({
      system: { level: 'warning' },
      container: { level: 'critical' },
      heap: { level: 'normal' },
    });
    await inject(pressure, [reading('system', 0.79), reading('container', 0.1), reading('heap', 0.2)]);
    expect(pressure.state).toMatchObject({ level: 'warning', cause: 'system' });
    await inject(pressure, [reading('system', 0.79), reading('container', 0.1), reading('heap', 0.99)]);
    expect(pressure.state).toMatchObject({ level: 'emergency', cause: 'heap' });
    await inject(pressure, [reading('system', 0.1), reading('container', 0.1), reading('heap', 0.1)]);
    expect(pressure.state).toMatchObject({ level: 'normal', cause: null });
    expect(changes.map(({ to, cause }) => [to, cause])).toEqual([
      ['critical', 'container'],
      ['warning', 'system'],
      ['emergency', 'heap'],
      ['normal', 'heap'],
    ]);
  });

  it('tells of a transition with all that a log needs, before inject() resolves', async () => {
    const pressure = await startQuiet();
    const changes = changesOf(pressure);
    const before = Date.now();
    await press(pressure, 0.85);
    expect(changes).toHaveLength(1);
    const [change] = changes;
    expect(change).toMatchObject({ from: 'normal', to: 'critical', cause: 'injected', ratio: 0.85 });
    expect(change?.at).toBeGreaterThanOrEqual(before);
    expect(change?.at).toBe(pressure.state.since);
    expect(change?.state).toMatchObject({ level: 'critical', cause: 'injected' });
    expect(change?.summary).toMatch(/normal -> critical.*injected.*85\.0 %.*critical from 80\.0 %/);
    expect(Object.isFrozen(change)).toBe(true);
  });

  it('goes back to the real readings when the injected ones end', async () => {
    const pressure = await startQuiet();
    await press(pressure, 0.99);
    expect(pressure.state.simulated).toBe(true);
    await inject(pressure, null);
    expect(pressure.state).toMatchObject({ level: 'normal', simulated: false });
    expect(pressure.state.resources).not.toHaveProperty('injected');
  });

  it('counts samples, one after the other', async () => {
    const pressure = await startQuiet();
    const first = await sampleNow(pressure);
    const second = await sampleNow(pressure);
    expect(second.sampleCount).toBeGreaterThan(first.sampleCount);
    expect(second.sampledAt).toBeGreaterThanOrEqual(first.sampledAt);
  });

  it('tells every payload in numbers that JSON can carry', async () => {
    const pressure = await startQuiet();
    const payloads: unknown[] = [pressure.state];
    for (const event of ['level', 'sample', 'eviction', 'health'] as const) {
      pressure.on(event, (payload) => payloads.push(payload));
    }
    pressure.register({ bytes: 5e9, evict: () => 0 }, { name: 'a' });
    for (const ratio of [0.71, Number.NaN, 5e5, -1, 1e-300, Number.POSITIVE_INFINITY, 0.81, 0]) {
      await press(pressure, ratio);
      payloads.push(pressure.state, await pressure.evict(10));
    }
    await pressure.stop();
    payloads.push(pressure.state);
    expect(payloads.length).toBeGreaterThan(30);
    expect(payloads.flatMap((payload) => unfitForJson(payload))).toEqual([]);
  });

  it('has states that cannot be changed', async () => {
    const { state } = await startQuiet();
    expect(Object.isFrozen(state)).toBe(true);
    for (const part of [state.resources, state.process, state.caches, state.caches.byName]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('compares levels, and refuses what is none', async () => {
    const pressure = await startQuiet();
    await press(pressure, 0.85);
    const floors = ['normal', 'warning', 'critical', 'emergency'] as const;
    expect(floors.map((level) => pressure.isAtLeast(level))).toEqual([true, true, true, false]);
    expect(() => pressure.isAtLeast('panic' as Level)).toThrowError(
      expect.objectContaining({ code: 'ERR_SPILLWAY_ARGUMENT' }),
    );
  });

  it.each([
    undefined,
    'system',
    {},
    { resource: 'disk', usedBytes: 1, limitBytes: 1 },
    { resource: 'system', usedBytes: '1', limitBytes: 1 },
    [{ resource: 'system', usedBytes: 1, limitBytes: 1 }, null],
  ])('refuses to inject %j', async (reading) => {
    const pressure = await startQuiet();
    await expect(inject(pressure, reading as never)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
  });
});

describe('a reading that cannot be true', () => {
  it.each([
    ['NaN', Number.NaN, LIMIT],
    ['negative', -1, LIMIT],
    ['infinite', Number.POSITIVE_INFINITY, LIMIT],
    ['of no limit', 5, 0],
    ['of a negative limit', 5, -LIMIT],
    ['of a limit that is NaN', 5, Number.NaN],
  ])('is counted and leaves the last good one in force when it is %s', async (_, usedBytes, limitBytes) => {
    const pressure = await startQuiet();
    await press(pressure, 0.85, 'system');
    const changes = changesOf(pressure);
    const { system: failures = 0 } = pressure.statistics().sampler.failures;
    await inject(pressure, { resource: 'system', usedBytes, limitBytes });
    expect(pressure.state).toMatchObject({ level: 'critical', cause: 'system', health: 'ok' });
    expect(pressure.state.resources.system).toMatchObject({ ratio: 0.85, usedBytes: 0.85 * LIMIT });
    expect(pressure.statistics().sampler.failures.system).toBeGreaterThan(failures);
    expect(changes).toEqual([]);
  });

  it('abstains once the last good one is too old, and health says so until there is a good one again', async () => {
    const pressure = await startQuiet({ updateIntervalMs: 50 });
    await press(pressure, 0.85);
    const degraded = next<HealthChange>((listener) => pressure.once('health', listener));
    await press(pressure, Number.NaN);
    expect(pressure.level).toBe('critical');
    const { ageMs = 0 } = pressure.state.resources.injected ?? {};
    expect(await degraded).toMatchObject({ from: 'ok', to: 'degraded' });
    expect((await degraded).reason).toContain('injected');
    expect(ageMs).toBeLessThan(1000);
    const { level, cause, resources, health } = await sampleNow(pressure);
    expect({ level, cause, health, injected: resources.injected ?? null }).toEqual({
      level: 'normal',
      cause: null,
      health: 'degraded',
      injected: null,
    });
    const well = next<HealthChange>((listener) => pressure.once('health', listener));
    await press(pressure, 0.3);
    expect(await well).toMatchObject({ from: 'degraded', to: 'ok' });
    expect(pressure.state.health).toBe('ok');
  });

  it('never reads as normal: a resource that was never read has no level to lose', async () => {
    const pressure = await startQuiet();
    await inject(pressure, [
      { resource: 'system', usedBytes: Number.NaN, limitBytes: LIMIT },
      { resource: 'container', usedBytes: 0.81 * LIMIT, limitBytes: LIMIT },
    ]);
    expect(pressure.state).toMatchObject({ level: 'critical', cause: 'container' });
    expect(pressure.state.resources.system).toBeNull();
  });
});
