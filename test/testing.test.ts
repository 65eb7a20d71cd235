import { describe, expect, it } from 'vitest';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { type InjectedReading, inject, sampleNow } from '#src/testing.js';
import { recordedTree } from './sources/tree.js';
import { startQuiet } from './support/runtimes.js';

const at = (ratio: number, resource: InjectedReading['resource'] = 'system'): InjectedReading => ({
  resource,
  usedBytes: ratio * 1000,
  limitBytes: 1000,
});

describe('inject', () => {
  it('replaces a reading, and resolves when the level that follows from it was told', async () => {
    const pressure = await startQuiet();
    const told: string[] = [];
    pressure.on('level', ({ to }) => told.push(to));
    await inject(pressure, at(0.96));
    expect(told).toEqual(['emergency']);
    const { level, cause, simulated, resources } = pressure.state;
    expect({ level, cause, simulated }).toEqual({ level: 'emergency', cause: 'system', simulated: true });
    expect(resources.system).toMatchObject({ usedBytes: 960, limitBytes: 1000, ratio: 0.96 });
  });

  it('takes several readings at once, and what came before is replaced by them', async () => {
    const pressure = await startQuiet();
    await inject(pressure, at(0.96));
    await inject(pressure, [at(0.75, 'container'), at(0.85, 'heap')]);
    expect(pressure.state).toMatchObject({ level: 'critical', cause: 'heap' });
    expect(pressure.state.resources.container?.level).toBe('warning');
    expect(pressure.state.resources.system).toBeNull();
  });

  it('ends with null, and the state is real again', async () => {
    const pressure = await startQuiet();
    await inject(pressure, at(0.96));
    await inject(pressure, null);
    expect(pressure.state).toMatchObject({ level: 'normal', cause: null, simulated: false });
  });

  it('lets impossible numbers through to the sampler, which does not believe them', async () => {
    const pressure = await startQuiet();
    await inject(pressure, at(0.75));
    await inject(pressure, { resource: 'system', usedBytes: Number.NaN, limitBytes: 1000 });
    expect(pressure.state.resources.system).toMatchObject({ ratio: 0.75, level: 'warning' });
  });

  it.each<[string, unknown]>([
    ['a resource that is none', { ...at(0.5), resource: 'disk' }],
    ['no bytes', { resource: 'system' }],
    ['a list with a hole in it', [at(0.5), undefined]],
    ['a number', 5],
  ])('refuses %s', async (_, reading) => {
    const pressure = await startQuiet();
    await expect(inject(pressure, reading as InjectedReading)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
    expect(pressure.state.simulated).toBe(false);
  });
});

describe('sampleNow', () => {
  it('resolves with the state of a sample that was taken after the call', async () => {
    const pressure = await startQuiet({ updateIntervalMs: 60_000 });
    const { sampleCount, sampledAt } = pressure.state;
    const state = await sampleNow(pressure);
    expect(state.sampleCount).toBe(sampleCount + 1);
    expect(state.sampledAt).toBeGreaterThanOrEqual(sampledAt);
    expect(state).toEqual(pressure.state);
  });
});

describe('both', () => {
  it('fail once the runtime was stopped', async () => {
    const pressure = await startQuiet();
    await pressure.stop();
    await expect(inject(pressure, at(0.5))).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    await expect(sampleNow(pressure)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('change nothing in a runtime that is switched off', async () => {
    const pressure = await startQuiet({ enabled: false });
    await inject(pressure, at(0.96));
    expect((await sampleNow(pressure)).level).toBe('normal');
  });

  it('refuse what is no runtime', async () => {
    const none = {} as PressureRuntime;
    await expect(inject(none, at(0.5))).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
    await expect(sampleNow(none)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
  });
});

describe('roots', () => {
  it('lets a runtime see a recorded machine instead of this one', async () => {
    const pressure = await startPressureRuntime({ roots: recordedTree('v2-parent-limited') });
    const { system, container } = pressure.state.resources;
    await pressure.stop();
    expect(container).toMatchObject({ usedBytes: 124522496, limitBytes: 256 * 2 ** 20, level: 'normal' });
    expect(system?.limitBytes).toBe(2027036 * 1024);
  });
});
