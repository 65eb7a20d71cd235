import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachPressureRuntime, type PressureHandle, type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { loadGuard } from '#src/page/guard.js';
import { inject } from '#src/testing.js';

const LOOP = new URL('../support/loop-worker.mjs', import.meta.url);
const ATTACH_OFTEN = new URL('../support/attach-often.mjs', import.meta.url);
const KIB = 1024;
const MIB = 1024 * KIB;

async function start(): Promise<PressureRuntime> {
  const pressure = await startPressureRuntime({
    resources: { system: false, container: false, heap: false, process: false },
    autoEviction: false,
    alerts: false,
  });
  onTestFinished(() => pressure.stop());
  return pressure;
}

/** Threads with a cache of 4 MiB each. */
async function spawn(pressure: PressureRuntime, modes: readonly ('idle' | 'using' | 'elsewhere')[]) {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const workers = modes.map((mode) => {
    const workerData = { handle: pressure.handle, words, mode, entries: 64, entryBytes: 64 * KIB };
    const worker = new Worker(LOOP, { workerData });
    onTestFinished(async () => void (await worker.terminate()));
    return worker;
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    workers,
    isLooping: () => Atomics.load(words, 0) === 0,
    endLoops() {
      Atomics.store(words, 0, 1);
    },
  };
}

describe('a round of eviction over several threads', () => {
  it('is paid by one that is deep in a loop with its cache, and by one that waits', async () => {
    const pressure = await start();
    const { isLooping } = await spawn(pressure, ['using', 'idle']);
    const report = await pressure.evict(2 * MIB);
    expect(isLooping()).toBe(true);
    expect(report).toMatchObject({ verdict: 'met', evictedBytes: 2 * MIB });
    expect(Object.fromEntries(report.caches.map(({ name, evictedBytes }) => [name, evictedBytes]))).toEqual({
      using: MIB,
      idle: MIB,
    });
  });

  it('is not held up by one that is deep in a loop without its cache: the others pay its share', async () => {
    const pressure = await start();
    const { isLooping, endLoops, workers } = await spawn(pressure, ['elsewhere', 'idle', 'using']);
    const report = await pressure.evict(3 * MIB);
    expect(isLooping()).toBe(true);
    expect(report).toMatchObject({ verdict: 'met', evictedBytes: 3 * MIB });
    expect(report.caches.find(({ name }) => name === 'elsewhere')).toMatchObject({
      evictedBytes: 0,
      error: 'not-reached',
    });
    endLoops();
    const [absent] = workers;
    absent?.postMessage('how many');
    expect(await once(absent as Worker, 'message')).toEqual([64]); // it owes nothing any more
  });

  it('asks the lowest priority first, whichever thread it is on', async () => {
    const pressure = await start();
    const own = new Map([[1, Buffer.alloc(MIB)]]);
    pressure.register(own, { name: 'mine', priority: 1 });
    await spawn(pressure, ['idle']);
    const report = await pressure.evict(MIB);
    expect(report.caches.map(({ name }) => name)).toEqual(['mine']);
    expect(own.size).toBe(0);
  });
});

describe('what threads may add between two samples', () => {
  it('is what is left up to emergency for one, and parts of what is left up to critical for several', async () => {
    const pressure = await startPressureRuntime({
      resources: { system: false, container: false, heap: false, process: false },
      alerts: false,
    });
    onTestFinished(() => pressure.stop());
    const words = new Int32Array(pressure.handle.page);
    const guardAt = async (usedMib: number) => {
      await inject(pressure, { resource: 'injected', usedBytes: usedMib * MIB, limitBytes: 1000 * MIB });
      return loadGuard(words) / MIB;
    };
    pressure.register(new Map(), { name: 'first' });
    expect([await guardAt(500), await guardAt(960)]).toEqual([450, 20]);
    const other = attachPressureRuntime(pressure.handle);
    onTestFinished(() => other.detach());
    other.register(new Map(), { name: 'second' });
    expect([await guardAt(500), await guardAt(940)]).toEqual([150, 10]);
  });
});

describe('attaching', () => {
  it('adds the caches of one name on all threads', async () => {
    const pressure = await start();
    pressure.register(new Map([[1, Buffer.alloc(MIB)]]), { name: 'idle' });
    await spawn(pressure, ['idle', 'idle']);
    expect(pressure.state.caches.byName).toEqual({ idle: 9 * MIB });
  });

  it('can be done twice on a thread, to one runtime or to several', async () => {
    const [first, second] = [await start(), await start()];
    const [a, b, c] = [first, first, second].map(({ handle }) => attachPressureRuntime(structuredClone(handle)));
    a?.register(new Map([[1, Buffer.alloc(1)]]), { name: 'a' });
    b?.register(new Map([[1, Buffer.alloc(2)]]), { name: 'b' });
    c?.register(new Map([[1, Buffer.alloc(4)]]), { name: 'c' });
    expect(first.state.caches.byName).toEqual({ a: 1, b: 2 });
    expect(second.state.caches.byName).toEqual({ c: 4 });
    a?.detach();
    a?.detach();
    expect(b?.state).toMatchObject({ health: 'ok', caches: { byName: { b: 2 } } });
    expect(() => a?.register(new Map(), { name: 'late' })).toThrow(
      expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }),
    );
    await inject(second, { resource: 'injected', usedBytes: 90, limitBytes: 100 });
    expect([b?.level, c?.level]).toEqual(['normal', 'critical']);
    b?.detach();
    c?.detach();
  });

  it.each([
    ['nothing', undefined],
    ['something else', { page: new SharedArrayBuffer(8) }],
    ['a page that is none', { spillway: 'handle', page: new SharedArrayBuffer(8), options: {} }],
    ['no shared memory', { spillway: 'handle', page: new ArrayBuffer(8), options: {} }],
  ])('refuses %s', (_, handle) => {
    expect(() => attachPressureRuntime(handle as unknown as PressureHandle)).toThrow(
      expect.objectContaining({ code: 'ERR_SPILLWAY_HANDLE_INVALID' }),
    );
  });

  it('refuses a page of another layout', async () => {
    const { handle } = await start();
    const page = new SharedArrayBuffer(handle.page.byteLength);
    const words = new Int32Array(page).fill(0);
    words.set(new Int32Array(handle.page).slice(0, 32));
    words[1] = 1; // HEADER.VERSION
    expect(() => attachPressureRuntime({ ...handle, page })).toThrow(
      expect.objectContaining({ code: 'ERR_SPILLWAY_HANDLE_INVALID', message: expect.stringContaining('layout 1') }),
    );
  });

  it('refuses a runtime that was stopped', async () => {
    const pressure = await start();
    await pressure.stop();
    expect(() => attachPressureRuntime(pressure.handle)).toThrow(
      expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }),
    );
  });

  it('leaves nothing behind, a thousand times', async () => {
    const pressure = await start();
    const worker = new Worker(ATTACH_OFTEN, { workerData: pressure.handle });
    onTestFinished(async () => void (await worker.terminate()));
    const [held] = (await once(worker, 'message')) as [number[]];
    console.info(`heap after each 1000: ${held.map((bytes) => (bytes / MIB).toFixed(2)).join(', ')} MiB`);
    const [, second = 0, , last = 0] = held;
    expect(last - second).toBeLessThan(0.5 * MIB); // a leak of one closure each would be more
    expect(pressure.state.caches.totalBytes).toBe(0);
  });
});

describe('a reservation', () => {
  it('counts in the eyes of every thread, until its thread ends', async () => {
    const pressure = await start();
    await inject(pressure, { resource: 'injected', usedBytes: 500 * MIB, limitBytes: 1000 * MIB });
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       import(workerData.module).then(({ attachPressureRuntime }) => {
         const pressure = attachPressureRuntime(workerData.handle);
         parentPort.postMessage(pressure.reserve(${400 * MIB}) !== null);
         setInterval(() => undefined, 1000);
       });`,
      { eval: true, workerData: { handle: pressure.handle, module: import.meta.resolve('#src/index.js') } },
    );
    expect(await once(worker, 'message')).toEqual([true]);
    expect(pressure.reserve(100 * MIB)).toBeNull();
    const told = once(pressure as never, 'error');
    await worker.terminate();
    expect(await told).toMatchObject([{ code: 'ERR_SPILLWAY_RESERVATION' }]);
    await expect.poll(() => pressure.reserve(400 * MIB)).not.toBeNull();
  });
});
