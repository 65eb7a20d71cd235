import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';
import { CountedCache } from '../support/caches.js';
import { descriptorCount, threadCount } from '../support/process.js';
import { NO_RESOURCES, startQuiet } from '../support/runtimes.js';

const run = promisify(execFile);
const child = (name: string) => fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));

/** What the kernel knows that a process may still hold of a runtime; handles are compared in a process that has no others. */
const holdings = () => ({
  threads: threadCount(),
  descriptors: descriptorCount(),
});

describe('a runtime', () => {
  it('has taken its first sample when it is given out', async () => {
    const threads = threadCount();
    const pressure = await startQuiet();
    expect(threadCount()).toBeGreaterThan(threads);
    expect(pressure.state.sampleCount).toBeGreaterThanOrEqual(1);
    expect(pressure.state.health).toBe('ok');
    expect(pressure.state.process.rssBytes).toBeGreaterThan(1e6);
    expect(pressure.state.process.heapUsedBytes).toBeGreaterThan(1e6);
  });

  it('leaves no thread, no descriptor, no handle and no method behind', async () => {
    await (await startPressureRuntime()).stop(); // what Node itself keeps from the first worker on
    const before = holdings();
    const cache = new LRUCache<number, Buffer>({ max: 10 });
    const pressure = await startPressureRuntime();
    pressure.register(cache, { name: 'lru' });
    pressure.register(new CountedCache(10), { name: 'counted' });
    await pressure.evict(5);
    expect(threadCount()).toBeGreaterThan(before.threads);
    expect(cache.get).not.toBe(LRUCache.prototype.get);
    await pressure.stop();
    expect(holdings()).toEqual(before);
    expect(cache.get).toBe(LRUCache.prototype.get);
  });

  it('can be started and stopped 100 times without growing', async () => {
    const { stdout } = await run(process.execPath, ['--expose-gc', child('starts-and-stops')]);
    const { before, after } = JSON.parse(stdout);
    expect({ ...after, rssBytes: 0 }).toEqual({ ...before, rssBytes: 0 });
    // A page is 140 KB and a thread 7 MB: 100 that stayed would be 14 MB and 700 MB.
    expect(after.rssBytes - before.rssBytes).toBeLessThan(12e6);
  }, 180_000);

  it('does not keep the process alive', async () => {
    const { stdout } = await run(process.execPath, [child('exits-by-itself')], { timeout: 60_000 });
    expect(stdout).toBe('leaving at warning\n');
  }, 90_000);

  it('adds one listener to the process, however many there are, and takes it away', async () => {
    const listeners = () => process.eventNames().map((event) => [event, process.listenerCount(event)]);
    const before = listeners();
    const runtimes = [await startQuiet(), await startQuiet()];
    expect(listeners()).toEqual([...before, ['exit', 1]]);
    for (const pressure of runtimes) await pressure.stop();
    expect(listeners()).toEqual(before);
  });

  it('is stopped once, however often it is asked to', async () => {
    const pressure = await startQuiet();
    const changes: string[] = [];
    pressure.on('health', ({ from, to }) => changes.push(`${from} -> ${to}`));
    await Promise.all([pressure.stop(), pressure.stop()]);
    await pressure.stop();
    await pressure[Symbol.asyncDispose]();
    expect(changes).toEqual(['ok -> stopped']);
    expect(pressure.state.health).toBe('stopped');
  });

  it('answers what can still be answered after its stop, and refuses the rest', async () => {
    const pressure = await startQuiet();
    const cache = new LRUCache<string, Buffer>({ max: 10 });
    const registration = pressure.register(cache, { name: 'lru' });
    const { get } = cache;
    await inject(pressure, { resource: 'injected', usedBytes: 85, limitBytes: 100 });
    await pressure.stop();
    expect(pressure.level).toBe('critical');
    expect(pressure.state.sampleCount).toBeGreaterThan(0);
    expect(pressure.isAtLeast('warning')).toBe(true);
    registration.unregister();
    registration.add(5);
    expect(get.call(cache, 'x')).toBeUndefined(); // a method that was taken before the stop
    pressure.off('level', () => undefined);
    const gone = { code: 'ERR_SPILLWAY_STOPPED' };
    expect(() => pressure.register(new Map(), { name: 'late' })).toThrowError(expect.objectContaining(gone));
    await expect(pressure.evict(1)).rejects.toMatchObject(gone);
    await expect(sampleNow(pressure)).rejects.toMatchObject(gone);
    await expect(inject(pressure, null)).rejects.toMatchObject(gone);
  });

  it('is stopped by its signal', async () => {
    const threads = threadCount();
    const controller = new AbortController();
    const pressure = await startQuiet({ signal: controller.signal });
    const stopped = new Promise<void>((resolve) => pressure.on('health', ({ to }) => to === 'stopped' && resolve()));
    controller.abort();
    await stopped;
    expect(pressure.state.health).toBe('stopped');
    expect(threadCount()).toBe(threads);
  });

  it('is not started with a signal that was aborted, nor with one that is while it starts', async () => {
    const before = threadCount();
    const reason = new Error('not now');
    await expect(startPressureRuntime({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(threadCount()).toBe(before);
    const controller = new AbortController();
    const starting = startPressureRuntime({ signal: controller.signal });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(threadCount()).toBe(before);
  });

  it('leaves the signal alone once it was stopped', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const pressure = await startQuiet({ signal });
    await pressure.stop();
    expect(listeners).toBe(0);
  });

  it('needs a source of memory where it may not do without', async () => {
    const before = threadCount();
    const starting = startPressureRuntime({ resources: NO_RESOURCES, fallbackWhenUnavailable: false });
    await expect(starting).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NO_SOURCE' });
    expect(threadCount()).toBe(before);
    await (await startPressureRuntime({ fallbackWhenUnavailable: false })).stop();
  });
});

describe('a runtime that is switched off', () => {
  async function startOff(): Promise<PressureRuntime> {
    return startQuiet({ enabled: false, autoEviction: true });
  }

  it('starts no thread, and its whole API works', async () => {
    const before = threadCount();
    const startedAt = Date.now();
    const pressure = await startOff();
    expect(threadCount()).toBe(before);
    expect(pressure.level).toBe('normal');
    expect(pressure.isAtLeast('warning')).toBe(false);
    expect(pressure.state).toMatchObject({ level: 'normal', cause: null, sampleCount: 0, health: 'ok' });
    expect(pressure.state.since).toBeGreaterThanOrEqual(startedAt);
    await inject(pressure, { resource: 'injected', usedBytes: 99, limitBytes: 100 });
    expect((await sampleNow(pressure)).level).toBe('normal');
    await pressure.until('normal');
    await pressure.stop();
    expect(pressure.state.health).toBe('stopped');
  });

  it('counts caches and evicts nothing, not even for a limit of their own', async () => {
    const pressure = await startOff();
    const map = new Map<number, Buffer>();
    const registration = pressure.register(map, { name: 'map', maxBytes: 100 });
    for (let key = 0; key < 10; key++) map.set(key, Buffer.alloc(100));
    expect(registration.bytes).toBe(1000);
    expect(pressure.state.caches).toEqual({ totalBytes: 1000, byName: { map: 1000 } });
    const report = await pressure.evict(500);
    expect(report).toMatchObject({ verdict: 'nothing-to-evict', requestedBytes: 500, evictedBytes: 0, caches: [] });
    expect(await report.settled).toEqual(report);
    expect(map.size).toBe(10);
  });
});

describe('a process that ends while a runtime works', () => {
  it('ends with the code of its exit, also in the middle of a round', async () => {
    const script = `
      import { startPressureRuntime } from '#src/index.js';
      const pressure = await startPressureRuntime();
      pressure.register({ bytes: 100, evict: () => process.exit(7) }, { name: 'exit' });
      await pressure.evict(50);
    `;
    const exiting = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    const [code] = await once(exiting, 'exit');
    expect(code).toBe(7);
  });
});
