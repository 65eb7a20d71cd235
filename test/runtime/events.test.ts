import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { EvictionReport, LevelChange, PressureEvent, PressureState, SpillwayError } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';
import { CountedCache, StrangeCache } from '../support/caches.js';
import { next, startQuiet } from '../support/runtimes.js';

const pressed = { resource: 'injected', usedBytes: 85, limitBytes: 100 } as const;
const relieved = { resource: 'injected', usedBytes: 5, limitBytes: 100 } as const;

/** Process warnings of spillway while `work` runs, and until the process has had its chance to emit them. */
async function warningsDuring(work: () => Promise<void>): Promise<{ code: string; message: string }[]> {
  const warnings: { code: string; message: string }[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.name === 'SpillwayWarning') warnings.push({ code: warning.code ?? '', message: warning.message });
  };
  process.on('warning', onWarning);
  try {
    await work();
    const last = once(process, 'warning');
    process.emitWarning('the last one');
    await last;
  } finally {
    process.off('warning', onWarning);
  }
  return warnings;
}

describe('listeners', () => {
  it('are called with the payload, in order, until they are taken out', async () => {
    const pressure = await startQuiet();
    const calls: string[] = [];
    const first = (change: LevelChange) => calls.push(`first ${change.to}`);
    pressure.on('level', first).on('level', (change) => calls.push(`second ${change.to}`));
    await inject(pressure, pressed);
    pressure.off('level', first);
    await inject(pressure, relieved);
    expect(calls).toEqual(['first critical', 'second critical', 'second normal']);
  });

  it('are called once where once was asked for, also after they were taken out before', async () => {
    const pressure = await startQuiet();
    const calls: string[] = [];
    const listener = (change: LevelChange) => calls.push(change.to);
    pressure.once('level', listener);
    pressure.off('level', listener);
    await inject(pressure, pressed);
    expect(calls).toEqual([]);
    pressure.once('level', listener);
    await inject(pressure, relieved);
    await inject(pressure, pressed);
    expect(calls).toEqual(['normal']);
  });

  it('that were added twice are called twice, and taken out together', async () => {
    const pressure = await startQuiet();
    let calls = 0;
    const listener = () => calls++;
    pressure.on('level', listener).on('level', listener);
    await inject(pressure, pressed);
    expect(calls).toBe(2);
    pressure.off('level', listener);
    await inject(pressure, relieved);
    expect(calls).toBe(2);
  });

  it('that throw are reported, and the others still run', async () => {
    const pressure = await startQuiet();
    const errors: SpillwayError[] = [];
    const cause = new Error('clumsy');
    let others = 0;
    pressure.on('error', (error) => errors.push(error));
    pressure.on('level', () => {
      throw cause;
    });
    pressure.on('level', async () => {
      throw cause;
    });
    pressure.on('level', () => others++);
    await inject(pressure, pressed);
    expect(others).toBe(1);
    expect(errors.map((error) => [error.code, error.cause])).toEqual([
      ['ERR_SPILLWAY_LISTENER', cause],
      ['ERR_SPILLWAY_LISTENER', cause],
    ]);
    expect(errors[0]?.message).toContain("'level'");
  });

  it('of errors that throw themselves end in a warning', async () => {
    const pressure = await startQuiet();
    pressure.on('error', () => {
      throw new Error('hopeless');
    });
    pressure.on('level', () => {
      throw new Error('clumsy');
    });
    const warnings = await warningsDuring(() => inject(pressure, pressed));
    expect(warnings.map((warning) => warning.code)).toEqual(['SPILLWAY_LISTENER']);
    expect(warnings[0]?.message).toContain('hopeless');
  });

  it('may stop the runtime that calls them', async () => {
    const pressure = await startQuiet();
    const stopped = next<void>((resolve) => pressure.on('level', () => void pressure.stop().then(resolve)));
    await inject(pressure, pressed).catch(() => undefined);
    await stopped;
    expect(pressure.state.health).toBe('stopped');
  });

  it.each([
    ['an unknown event', 'presure', () => undefined],
    ['no function', 'level', undefined],
  ])('are refused with %s', async (_, event, listener) => {
    const pressure = await startQuiet();
    for (const method of ['on', 'once', 'off'] as const) {
      expect(() => pressure[method](event as PressureEvent, listener as () => void)).toThrowError(
        expect.objectContaining({ code: 'ERR_SPILLWAY_ARGUMENT' }),
      );
    }
  });

  it('of samples hear of the latest as soon as the loop is free', async () => {
    const pressure = await startQuiet();
    const { sampleCount } = await sampleNow(pressure);
    await new Promise<void>((resolve) => {
      pressure.on('sample', (state) => {
        if (state.sampleCount > sampleCount) resolve();
      });
      void sampleNow(pressure);
    });
  });
});

describe('errors that nobody hears', () => {
  it('become one warning per code', async () => {
    const pressure = await startQuiet();
    pressure.register(
      new StrangeCache(1000, () => {
        throw new Error('out of order');
      }),
      { name: 'bad' },
    );
    pressure.on('level', () => {
      throw new Error('clumsy');
    });
    const warnings = await warningsDuring(async () => {
      await pressure.evict(10);
      await pressure.evict(10);
      await inject(pressure, pressed);
      await inject(pressure, relieved);
    });
    expect(warnings.map((warning) => warning.code)).toEqual(['SPILLWAY_CACHE_FAILED', 'SPILLWAY_LISTENER']);
    expect(warnings[0]?.message).toContain('out of order');
  });

  it('are no warnings where somebody hears them', async () => {
    const pressure = await startQuiet();
    pressure.on('error', () => undefined);
    pressure.register(new StrangeCache(1000, () => Number.NaN), { name: 'bad' });
    expect(await warningsDuring(async () => void (await pressure.evict(10)))).toEqual([]);
  });
});

describe('sizes that cannot be told', () => {
  it('count as 0 and are warned of once for each cache', async () => {
    const pressure = await startQuiet();
    const answers: unknown[] = [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', undefined, 7];
    const map = new Map<number, object>();
    const other = new Map<number, object>();
    const warnings = await warningsDuring(async () => {
      const registration = pressure.register(map, {
        name: 'map',
        sizeOf: (_value, key) => {
          if (key === 99) throw new Error('no idea');
          return answers[key] as number;
        },
      });
      for (const key of [0, 1, 2, 3, 4, 99]) map.set(key, {});
      expect(registration.bytes).toBe(0);
      map.set(5, {});
      expect(registration.bytes).toBe(7);
      pressure.register(other, { name: 'other' });
      other.set(1, {});
      other.set(2, Buffer.alloc(64));
    });
    expect(warnings.map((warning) => warning.code)).toEqual(['SPILLWAY_SIZE_OF', 'SPILLWAY_SIZE_OF']);
    expect(warnings[0]?.message).toContain("'map'");
    expect(warnings[1]?.message).toContain("'other'");
    expect(pressure.state.caches.byName).toEqual({ map: 7, other: 64 });
  });
});

describe('diagnostics channels', () => {
  it('carry every event under its name', async () => {
    const seen: [string, unknown][] = [];
    const onMessage = (message: unknown, name: string | symbol) => seen.push([String(name), message]);
    const names = ['level', 'sample', 'eviction', 'health', 'error'].map((event) => `spillway:${event}`);
    for (const name of names) subscribe(name, onMessage);
    try {
      const pressure = await startQuiet();
      const heard: Record<string, unknown> = {};
      pressure.on('level', (change) => (heard.level = change));
      pressure.on('eviction', (report) => (heard.eviction = report));
      pressure.on('sample', (state) => (heard.sample = state));
      pressure.on('error', (error) => (heard.error = error));
      pressure.on('health', (change) => (heard.health = change));
      pressure.register(new StrangeCache(10, () => Number.NaN), { name: 'bad' });
      await inject(pressure, pressed);
      await pressure.evict(5);
      await pressure.stop();
      for (const event of ['level', 'eviction', 'sample', 'error', 'health']) {
        const carried = seen.filter(([name]) => name === `spillway:${event}`).map(([, message]) => message);
        expect(carried).toContain(heard[event]);
      }
    } finally {
      for (const name of names) unsubscribe(name, onMessage);
    }
  });

  it('carry samples also where nobody listens otherwise', async () => {
    const pressure = await startQuiet({ updateIntervalMs: 50 });
    const state = await new Promise<PressureState>((resolve) => {
      const listener = (message: unknown) => {
        unsubscribe('spillway:sample', listener);
        resolve(message as PressureState);
      };
      subscribe('spillway:sample', listener);
    });
    expect(state.sampleCount).toBeGreaterThan(0);
    expect(pressure.state.health).toBe('ok');
  });
});

describe('a settled report', () => {
  it('is the same for the caller and for listeners, and says what the measured use fell by', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(50), { name: 'a' });
    await inject(pressure, pressed);
    const heard = next<EvictionReport & { settled: Promise<EvictionReport> }>((listener) =>
      pressure.once('eviction', listener),
    );
    const report = await pressure.evict(20);
    expect(report.returnedBytes).toBeNull();
    await inject(pressure, { ...pressed, usedBytes: 70 });
    await pressure.stop();
    expect(await report.settled).toBe(await (await heard).settled);
    expect(await report.settled).toMatchObject({ id: report.id, evictedBytes: 20, returnedBytes: 15, verdict: 'met' });
  });

  it('is futile where the measured use hardly fell', async () => {
    const pressure = await startQuiet();
    pressure.register(new CountedCache(50), { name: 'a' });
    await inject(pressure, pressed);
    const report = await pressure.evict(20);
    await inject(pressure, { ...pressed, usedBytes: 82 });
    await pressure.stop();
    expect(await report.settled).toMatchObject({ returnedBytes: 3, verdict: 'futile' });
  });
});
