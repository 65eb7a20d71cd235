import { describe, expect, it } from 'vitest';
import { SpillwayError, startPressureRuntime } from '#src/index.js';
import { OPTION_NAMES, resolveOptions, variableOf } from '#src/runtime/options.js';
import { threadCount } from '../support/process.js';

function faultOf(given: unknown, environment: NodeJS.ProcessEnv = {}): string {
  try {
    resolveOptions(given, environment);
  } catch (error) {
    if (error instanceof SpillwayError && error.code === 'ERR_SPILLWAY_OPTION') return error.message;
    throw error;
  }
  return 'accepted';
}

const policy = {
  name: 'mine',
  decide: () => ({ evictBytes: 0, collect: 'never', capBytes: null, paceBytes: null, reason: '' }),
};

describe('options', () => {
  it('have the defaults of the contract', () => {
    const { enabled, settings, signal } = resolveOptions(undefined);
    expect(enabled).toBe(true);
    expect(signal).toBeNull();
    const thresholds = { warning: 0.7, critical: 0.8, emergency: 0.95 };
    expect(settings).toEqual({
      updateIntervalMs: 5000,
      minIntervalMs: 10,
      maxSamplerCpu: 0.01,
      thresholds,
      resources: { system: thresholds, container: thresholds, heap: thresholds, process: thresholds },
      enableDelta: 0.05,
      evictionCooldownMs: 30_000,
      autoEviction: true,
      evictionPolicy: 'adaptive',
      evictionTargets: { warning: 0.15, critical: 0.3, emergency: 0.5 },
      respectCacheLimits: true,
      fallbackWhenUnavailable: true,
      collectGarbage: 'auto',
      setsHeapGrowth: true,
      processLimitBytes: null,
      roots: null,
    });
  });

  it('are taken over, and undefined means not given', () => {
    const { settings } = resolveOptions({
      updateIntervalMs: 100,
      minIntervalMs: undefined,
      thresholds: { warning: 0.5, critical: undefined },
      resources: { system: false, heap: { thresholds: { warning: 0.6 } }, process: { limitBytes: '512MiB' } },
      hysteresis: { enableDelta: 0 },
      evictionPolicy: 'conservative',
    });
    expect(settings.updateIntervalMs).toBe(100);
    expect(settings.minIntervalMs).toBe(10);
    expect(settings.thresholds).toEqual({ warning: 0.5, critical: 0.8, emergency: 0.95 });
    expect(settings.resources.system).toBeNull();
    expect(settings.resources.container).toEqual(settings.thresholds);
    expect(settings.resources.heap).toEqual({ warning: 0.6, critical: 0.8, emergency: 0.95 });
    expect(settings.processLimitBytes).toBe(512 * 1024 ** 2);
    expect(settings.evictionPolicy).toBe('conservative');
  });

  it('lower the shortest interval to a calm one that is shorter still', () => {
    expect(resolveOptions({ updateIntervalMs: 10 }).settings.minIntervalMs).toBe(10);
  });

  it('take a policy of the user as it is', () => {
    const resolved = resolveOptions({ evictionPolicy: policy });
    expect(resolved.policy).toBe(policy);
    expect(resolved.settings.evictionPolicy).toBe('custom');
  });

  it('are not changed, also where they are frozen', () => {
    const given = Object.freeze({
      thresholds: Object.freeze({ warning: 0.6 }),
      resources: Object.freeze({ process: Object.freeze({ limitBytes: '1GiB' }) }),
    });
    const copy = structuredClone(given);
    resolveOptions(given, { SPILLWAY_UPDATE_INTERVAL_MS: '100' });
    expect(given).toEqual(copy);
  });

  it.each<[unknown, string]>([
    // what is no object at all
    [null, 'options'],
    ['fast', 'options'],
    [42, 'options'],
    [[], 'options'],
    // unknown keys, at every depth
    [{ interval: 5 }, 'interval'],
    [{ thresholds: { panic: 0.9 } }, 'thresholds.panic'],
    [{ thresholds: { normal: 0.1 } }, 'thresholds.normal'],
    [{ hysteresis: { delta: 0.1 } }, 'hysteresis.delta'],
    [{ resources: { disk: false } }, 'resources.disk'],
    [{ resources: { system: { limitBytes: 5 } } }, 'resources.system.limitBytes'],
    [{ resources: { heap: { thresholds: { panic: 1 } } } }, 'resources.heap.thresholds.panic'],
    [{ evictionTargets: { normal: 0.1 } }, 'evictionTargets.normal'],
    [{ roots: { proc: '/p', cgroup: '/c', sys: '/s' } }, 'roots.sys'],
    // wrong types
    [{ enabled: 'yes' }, 'enabled'],
    [{ enabled: null }, 'enabled'],
    [{ enabled: 1 }, 'enabled'],
    [{ updateIntervalMs: '5000' }, 'updateIntervalMs'],
    [{ updateIntervalMs: null }, 'updateIntervalMs'],
    [{ updateIntervalMs: 5000n }, 'updateIntervalMs'],
    [{ thresholds: 0.7 }, 'thresholds'],
    [{ thresholds: null }, 'thresholds'],
    [{ thresholds: [0.7, 0.8, 0.95] }, 'thresholds'],
    [{ thresholds: { warning: '70%' } }, 'thresholds.warning'],
    [{ resources: 'all' }, 'resources'],
    [{ resources: { system: 'off' } }, 'resources.system'],
    [{ resources: { system: null } }, 'resources.system'],
    [{ resources: { process: { limitBytes: '512' } } }, 'resources.process.limitBytes'],
    [{ resources: { process: { limitBytes: {} } } }, 'resources.process.limitBytes'],
    [{ hysteresis: 0.05 }, 'hysteresis'],
    [{ autoEviction: 'no' }, 'autoEviction'],
    [{ evictionPolicy: 'brutal' }, 'evictionPolicy'],
    [{ evictionPolicy: null }, 'evictionPolicy'],
    [{ evictionPolicy: { name: 'half' } }, 'evictionPolicy'],
    [{ evictionPolicy: { ...policy, name: '' } }, 'evictionPolicy'],
    [{ evictionPolicy: () => undefined }, 'evictionPolicy'],
    [{ evictionTargets: 0.5 }, 'evictionTargets'],
    [{ respectCacheLimits: 0 }, 'respectCacheLimits'],
    [{ fallbackWhenUnavailable: 'false' }, 'fallbackWhenUnavailable'],
    [{ collectGarbage: true }, 'collectGarbage'],
    [{ collectGarbage: 'always' }, 'collectGarbage'],
    [{ alerts: 'loud' }, 'alerts'],
    [{ alerts: [{ watch: 'x', threshold: 1 }] }, 'alerts[0].name'],
    [{ signal: {} }, 'signal'],
    [{ signal: null }, 'signal'],
    [{ roots: '/proc' }, 'roots'],
    [{ roots: { proc: '/p' } }, 'roots.cgroup'],
    [{ roots: { proc: '', cgroup: '/c' } }, 'roots.proc'],
    // NaN and the infinite
    [{ updateIntervalMs: Number.NaN }, 'updateIntervalMs'],
    [{ minIntervalMs: Number.NaN }, 'minIntervalMs'],
    [{ maxSamplerCpu: Number.POSITIVE_INFINITY }, 'maxSamplerCpu'],
    [{ thresholds: { emergency: Number.NaN } }, 'thresholds.emergency'],
    [{ hysteresis: { evictionCooldownMs: Number.POSITIVE_INFINITY } }, 'hysteresis.evictionCooldownMs'],
    [{ resources: { process: { limitBytes: Number.NaN } } }, 'resources.process.limitBytes'],
    // out of range
    [{ updateIntervalMs: 0 }, 'updateIntervalMs'],
    [{ updateIntervalMs: -5000 }, 'updateIntervalMs'],
    [{ updateIntervalMs: 9.99 }, 'updateIntervalMs'],
    [{ updateIntervalMs: 86_400_001 }, 'updateIntervalMs'],
    [{ minIntervalMs: 0.5 }, 'minIntervalMs'],
    [{ maxSamplerCpu: 0 }, 'maxSamplerCpu'],
    [{ maxSamplerCpu: 1.01 }, 'maxSamplerCpu'],
    [{ thresholds: { warning: 0 } }, 'thresholds.warning'],
    [{ thresholds: { warning: -0.1 } }, 'thresholds.warning'],
    [{ thresholds: { emergency: 1.01 } }, 'thresholds.emergency'],
    [{ thresholds: { warning: 70, critical: 80, emergency: 95 } }, 'thresholds.warning'],
    [{ hysteresis: { enableDelta: -0.01 } }, 'hysteresis.enableDelta'],
    [{ hysteresis: { evictionCooldownMs: -1 } }, 'hysteresis.evictionCooldownMs'],
    [{ evictionTargets: { warning: 0 } }, 'evictionTargets.warning'],
    [{ evictionTargets: { emergency: 1.5 } }, 'evictionTargets.emergency'],
    [{ resources: { process: { limitBytes: 0 } } }, 'resources.process.limitBytes'],
    [{ resources: { process: { limitBytes: -1 } } }, 'resources.process.limitBytes'],
    [{ resources: { process: { limitBytes: 1.5 } } }, 'resources.process.limitBytes'],
    // what cannot be together
    [{ minIntervalMs: 6000 }, 'minIntervalMs'],
    [{ updateIntervalMs: 100, minIntervalMs: 101 }, 'minIntervalMs'],
    [{ thresholds: { warning: 0.8 } }, 'thresholds.warning'],
    [{ thresholds: { warning: 0.85 } }, 'thresholds.warning'],
    [{ thresholds: { critical: 0.95 } }, 'thresholds.critical'],
    [{ thresholds: { emergency: 0.75 } }, 'thresholds.critical'],
    [{ hysteresis: { enableDelta: 0.7 } }, 'hysteresis.enableDelta'],
    [{ resources: { heap: { thresholds: { warning: 0.9 } } } }, 'resources.heap.thresholds.warning'],
    [{ resources: { heap: { thresholds: { warning: 0.04 } } } }, 'resources.heap.thresholds.warning'],
    [{ resources: { process: {} } }, 'resources.process.limitBytes'],
    [{ resources: { process: { thresholds: { warning: 0.5 } } } }, 'resources.process.limitBytes'],
    [{ evictionTargets: { warning: 0.4 } }, 'evictionTargets.warning'],
    [{ evictionTargets: { critical: 0.9 } }, 'evictionTargets.critical'],
  ])('refuse %o, naming %s', (given, path) => {
    expect(faultOf(given)).toContain(`\`${path}\``);
  });

  it('say what was expected and what was given', () => {
    expect(faultOf({ updateIntervalMs: '5000' })).toBe(
      'Expected `updateIntervalMs` to be a finite number at least 10 and at most 86400000, got `5000` (string)',
    );
    expect(faultOf({ thresholds: { warning: 0.9 } })).toBe(
      'Expected `thresholds.warning` to be below critical (0.8), got `0.9` (number)',
    );
    expect(faultOf({ thresholds: { panic: 1 } })).toBe(
      'Unknown option `thresholds.panic`; expected one of warning, critical, emergency',
    );
  });

  it('leave no thread and no handle behind when they are refused', async () => {
    const threads = threadCount();
    const handles = process.getActiveResourcesInfo();
    await expect(startPressureRuntime({ updateIntervalMs: Number.NaN })).rejects.toMatchObject({
      name: 'SpillwayError',
      code: 'ERR_SPILLWAY_OPTION',
    });
    expect(threadCount()).toBe(threads);
    expect(process.getActiveResourcesInfo()).toEqual(handles);
  });
});

describe('options from the environment', () => {
  it('have a name for each', () => {
    expect(OPTION_NAMES.map(variableOf)).toContain('SPILLWAY_FALLBACK_WHEN_UNAVAILABLE');
    expect(variableOf('updateIntervalMs')).toBe('SPILLWAY_UPDATE_INTERVAL_MS');
    expect(variableOf('maxSamplerCpu')).toBe('SPILLWAY_MAX_SAMPLER_CPU');
  });

  it('are numbers, words, switches and JSON', () => {
    const { enabled, settings } = resolveOptions(undefined, {
      SPILLWAY_ENABLED: '0',
      SPILLWAY_AUTO_EVICTION: 'false',
      SPILLWAY_UPDATE_INTERVAL_MS: '1000',
      SPILLWAY_EVICTION_POLICY: 'aggressive',
      SPILLWAY_THRESHOLDS: '{"warning":0.5}',
      SPILLWAY_RESOURCES: '{"system":false,"process":{"limitBytes":"1GB"}}',
      SPILLWAY_COLLECT_GARBAGE: '',
      SPILLWAY_UNHEARD_OF: 'x',
    });
    expect(enabled).toBe(false);
    expect(settings).toMatchObject({
      autoEviction: false,
      updateIntervalMs: 1000,
      evictionPolicy: 'aggressive',
      thresholds: { warning: 0.5, critical: 0.8 },
      resources: { system: null },
      processLimitBytes: 1e9,
      collectGarbage: 'auto',
      setsHeapGrowth: false,
    });
  });

  it('give way to what the code says, but not to undefined', () => {
    const environment = { SPILLWAY_UPDATE_INTERVAL_MS: '1000', SPILLWAY_ENABLED: 'false' };
    const { enabled, settings } = resolveOptions({ updateIntervalMs: 2000, enabled: undefined }, environment);
    expect(settings.updateIntervalMs).toBe(2000);
    expect(enabled).toBe(false);
  });

  it.each([
    ['SPILLWAY_UPDATE_INTERVAL_MS', 'soon', 'updateIntervalMs'],
    ['SPILLWAY_UPDATE_INTERVAL_MS', 'NaN', 'updateIntervalMs'],
    ['SPILLWAY_ENABLED', 'yes', 'enabled'],
    ['SPILLWAY_ENABLED', '2', 'enabled'],
    ['SPILLWAY_THRESHOLDS', '{"warning":2}', 'thresholds.warning'],
    ['SPILLWAY_THRESHOLDS', '{"warning":', 'thresholds'],
    ['SPILLWAY_RESOURCES', '{"disk":true}', 'resources.disk'],
    ['SPILLWAY_EVICTION_POLICY', 'brutal', 'evictionPolicy'],
    ['SPILLWAY_ROOTS', '{"proc":"/p"}', 'roots.cgroup'],
  ])('are checked as in code: %s=%s', (variable, text, path) => {
    const fault = faultOf(undefined, { [variable]: text });
    expect(fault).toContain(`\`${path}\``);
    expect(fault).toContain(variable);
  });

  it('are not blamed for what the code says', () => {
    const fault = faultOf({ updateIntervalMs: 1 }, { SPILLWAY_UPDATE_INTERVAL_MS: '1000' });
    expect(fault).not.toContain('SPILLWAY_');
  });

  it('reach a runtime', async () => {
    process.env.SPILLWAY_THRESHOLDS = '{"warning":1.5}';
    try {
      await expect(startPressureRuntime()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_OPTION' });
    } finally {
      delete process.env.SPILLWAY_THRESHOLDS;
    }
  });
});
