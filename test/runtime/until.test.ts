import { describe, expect, it } from 'vitest';
import type { Level } from '#src/index.js';
import { inject } from '#src/testing.js';
import { startQuiet } from '../support/runtimes.js';

const reading = (ratio: number) => ({ resource: 'injected', usedBytes: ratio * 1e9, limitBytes: 1e9 }) as const;

/** Whether the promise has settled by the time that everything already delivered was handled. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const outcome = await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))]);
  return outcome === pending;
}

describe('until', () => {
  it('resolves at once when the level holds', async () => {
    const pressure = await startQuiet();
    await pressure.until('normal');
    await pressure.until('critical', { below: true });
    await inject(pressure, reading(0.96));
    await pressure.until('warning');
    await pressure.until('emergency');
  });

  it('waits for the level to be reached', async () => {
    const pressure = await startQuiet();
    const waiting = pressure.until('critical');
    await inject(pressure, reading(0.75));
    expect(await isPending(waiting)).toBe(true);
    await inject(pressure, reading(0.85));
    await waiting;
  });

  it('waits for the level to be left', async () => {
    const pressure = await startQuiet();
    await inject(pressure, reading(0.96));
    const waiting = pressure.until('critical', { below: true });
    await inject(pressure, reading(0.85));
    expect(await isPending(waiting)).toBe(true);
    await inject(pressure, reading(0.74));
    await waiting;
    expect(pressure.level).toBe('warning');
  });

  it('never has to wait for what is below normal', async () => {
    const pressure = await startQuiet();
    const waiting = pressure.until('normal', { below: true });
    await inject(pressure, reading(0.96));
    expect(await isPending(waiting)).toBe(true);
    await pressure.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('rejects with the reason of its signal, before and during the wait', async () => {
    const pressure = await startQuiet();
    const aborted = AbortSignal.abort(new Error('too late'));
    await expect(pressure.until('critical', { signal: aborted })).rejects.toThrow('too late');
    const controller = new AbortController();
    const waiting = pressure.until('critical', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('rejects when the runtime stops or has stopped', async () => {
    const pressure = await startQuiet();
    const waiting = pressure.until('critical');
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' }), pressure.stop()]);
    await expect(pressure.until('critical')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('rejects a level that is none', async () => {
    const pressure = await startQuiet();
    await expect(pressure.until('panic' as Level)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ARGUMENT' });
  });
});
