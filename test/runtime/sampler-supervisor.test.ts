import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { BroadcastChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type HealthChange,
  type PressureOptions,
  type PressureRuntime,
  type SpillwayError,
  startPressureRuntime,
} from '#src/index.js';
import { setHeapGrowth } from '#src/sources/v8-heap-growth.js';
import { inject, sampleNow } from '#src/testing.js';

const FAULTS = fileURLToPath(new URL('../support/sampler-faults.mjs', import.meta.url));

/** What the sampler thread is made to do. */
type Fault = 'throw' | 'exit' | 'loop';

const channel = new BroadcastChannel('spillway-test-faults');
const optionsBefore = process.env.NODE_OPTIONS;

beforeAll(() => {
  process.env.NODE_OPTIONS = `${optionsBefore ?? ''} --import=${FAULTS}`;
});

afterAll(() => {
  channel.close();
  if (optionsBefore === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = optionsBefore;
});

/** A short calm cadence, so that a stall is noticed after one second. */
async function start(options: PressureOptions = {}): Promise<PressureRuntime> {
  const pressure = await startPressureRuntime({ updateIntervalMs: 50, ...options });
  onTestFinished(() => pressure.stop());
  return pressure;
}

function nextHealth(pressure: PressureRuntime): Promise<HealthChange> {
  return new Promise((resolve) => pressure.once('health', resolve));
}

function nextSample(pressure: PressureRuntime): Promise<unknown> {
  return new Promise((resolve) => pressure.once('sample', resolve));
}

function spawnChild(module: string) {
  const path = fileURLToPath(new URL(`./children/${module}`, import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, exited, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Threads of this process that the kernel knows. */
function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

async function breakSampler(pressure: PressureRuntime, fault: Fault): Promise<HealthChange> {
  const change = nextHealth(pressure);
  channel.postMessage(fault);
  return change;
}

describe('sampler supervision', () => {
  it.each<{ fault: Fault; reason: RegExp }>([
    { fault: 'throw', reason: /broken from inside/ },
    { fault: 'exit', reason: /exited with code 3/ },
    { fault: 'loop', reason: /took no sample for \d+ ms/ },
  ])('restarts a sampler that ends in $fault, and health says so', async ({ fault, reason }) => {
    const pressure = await start();
    const errors: SpillwayError[] = [];
    pressure.on('error', (error) => errors.push(error));
    const down = await breakSampler(pressure, fault);
    expect(down).toMatchObject({ from: 'ok', to: 'degraded' });
    expect(down.reason).toMatch(reason);
    expect(pressure.state.health).toBe('degraded');
    const { sampleCount } = pressure.state;
    const up = await nextHealth(pressure);
    expect(up).toMatchObject({ from: 'degraded', to: 'ok' });
    await nextSample(pressure);
    expect(pressure.state.health).toBe('ok');
    expect(pressure.state.sampleCount).toBeGreaterThan(sampleCount);
    expect(errors).toEqual([]);
  });

  it('keeps the level, and tells of no transition, while the sampler is down and when it is back', async () => {
    const pressure = await start();
    await inject(pressure, { resource: 'system', usedBytes: 85, limitBytes: 100 });
    await inject(pressure, { resource: 'system', usedBytes: 77, limitBytes: 100 }); // critical by its release distance alone
    const { since } = pressure.state;
    const changes: string[] = [];
    pressure.on('level', ({ from, to }) => changes.push(`${from} -> ${to}`));
    await breakSampler(pressure, 'exit');
    expect(pressure.level).toBe('critical');
    expect(pressure.state.resources.system).toMatchObject({ usedBytes: 77, limitBytes: 100, level: 'critical' });
    await nextHealth(pressure);
    await sampleNow(pressure);
    expect(pressure.state).toMatchObject({ level: 'critical', cause: 'system', since, simulated: true });
    expect(changes).toEqual([]);
    await inject(pressure, { resource: 'system', usedBytes: 10, limitBytes: 100 });
    expect(changes).toEqual(['critical -> normal']);
  });

  it('lets the age of the last readings grow while the sampler is down', async () => {
    const pressure = await start();
    await breakSampler(pressure, 'exit');
    const before = pressure.state.resources.system?.ageMs ?? Number.NaN;
    await new Promise(setImmediate);
    expect(pressure.state.resources.system?.ageMs).toBeGreaterThan(before);
  });

  it('goes on evicting when it is back, with numbers that were never used', async () => {
    const pressure = await start({ autoEviction: false });
    const cache = new Map<string, Buffer>();
    pressure.register(cache, { name: 'map', sizeOf: (value) => value.length });
    for (let entry = 0; entry < 10; entry++) cache.set(String(entry), Buffer.alloc(100));
    const before = await pressure.evict(100);
    await breakSampler(pressure, 'exit');
    expect(cache.size).toBe(9);
    const after = await pressure.evict(300);
    expect(after).toMatchObject({ evictedBytes: 300, verdict: 'met' });
    expect(after.id).toBeGreaterThan(before.id);
    expect(cache.size).toBe(6);
  });

  it('samples in the starting thread when the sampler cannot be kept alive', async () => {
    const pressure = await start({ updateIntervalMs: 40 });
    await inject(pressure, { resource: 'system', usedBytes: 85, limitBytes: 100 });
    const errors: SpillwayError[] = [];
    const gaveUp = new Promise<void>((resolve) => {
      pressure.on('error', (error) => {
        errors.push(error);
        resolve();
      });
    });
    process.env.SPILLWAY_TEST_FAULT_AT_START = 'exit';
    onTestFinished(() => {
      delete process.env.SPILLWAY_TEST_FAULT_AT_START;
    });
    await breakSampler(pressure, 'exit');
    await gaveUp;
    await nextSample(pressure);
    await nextSample(pressure);
    expect(errors.map(({ code }) => code)).toEqual(['ERR_SPILLWAY_SAMPLER_FAILED']);
    expect(pressure.state).toMatchObject({ health: 'degraded', level: 'critical', simulated: true });
    expect(pressure.state.intervalMs).toBeGreaterThanOrEqual(40);
    await inject(pressure, null);
    expect(pressure.state.simulated).toBe(false);
    const cache = new Map([['entry', Buffer.alloc(100)]]);
    pressure.register(cache, { name: 'map', sizeOf: (value) => value.length });
    expect(await pressure.evict(100)).toMatchObject({ evictedBytes: 100 });
    expect(cache.size).toBe(0);
  });

  it('carries out a call that came while the sampler was down', async () => {
    const pressure = await start();
    await breakSampler(pressure, 'exit');
    expect((await sampleNow(pressure)).health).toBe('ok');
  });

  it('keeps the process alive for a call that came while the sampler was down', async () => {
    const { lines, exited } = spawnChild('broken-sampler.mjs');
    expect(await lines.next()).toMatchObject({ value: 'ok' });
    expect(await exited).toBe(0);
  });

  it.each<Fault>(['exit', 'loop'])(
    'stops at once while a sampler that ended in %s is being replaced',
    async (fault) => {
      const pressure = await start();
      const threads = threadCount();
      await breakSampler(pressure, fault);
      const call = expect(sampleNow(pressure)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SAMPLER_FAILED' });
      await pressure.stop();
      await call;
      expect(pressure.state.health).toBe('stopped');
      expect(threadCount()).toBeLessThan(threads);
    },
  );

  it('stops, and says so, although the sampler does not answer', async () => {
    const pressure = await start();
    const threads = threadCount();
    const errors: SpillwayError[] = [];
    pressure.on('error', (error) => errors.push(error));
    const breaking = new Promise((resolve) => {
      channel.onmessage = resolve;
    });
    channel.postMessage('loop');
    await breaking;
    const code = '1 + 1;'.repeat(50);
    const cachedData = new Script(code).createCachedData();
    const isFlagSet = (filename: string) => new Script(code, { cachedData, filename }).cachedDataRejected;
    setHeapGrowth(400); // what a sampler may have left; V8 then refuses code that was cached before
    expect(isFlagSet('before.js')).toBe(true);
    await pressure.stop();
    expect(isFlagSet('after.js')).toBe(false);
    expect(errors.map(({ code }) => code)).toEqual(['ERR_SPILLWAY_SAMPLER_FAILED']);
    expect(threadCount()).toBeLessThan(threads);
  });

  it.skipIf(process.platform === 'win32')('does not take a suspended process for a stalled sampler', async () => {
    const { child, lines } = spawnChild('suspended.mjs');
    await lines.next();
    child.kill('SIGSTOP');
    await delay(2_500); // what passes while nobody runs is the very thing that is tested
    child.kill('SIGCONT');
    child.stdin.write('go\n');
    const { told } = JSON.parse((await lines.next()).value);
    expect(told).toEqual([]);
  });

  it('fails to start, and leaves nothing behind, where the sampler never comes up', async () => {
    process.env.SPILLWAY_TEST_FAULT_AT_START = 'throw';
    onTestFinished(() => {
      delete process.env.SPILLWAY_TEST_FAULT_AT_START;
    });
    const threads = threadCount();
    await expect(startPressureRuntime()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SAMPLER_FAILED' });
    expect(threadCount()).toBe(threads);
  });
});
