import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type PressureOptions, type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { sampleNow } from '#src/testing.js';
import { copyOfTree } from '../sources/tree.js';

const MIB = 2 ** 20;
/** A second and some more, so that what is allowed to be a second old would be too old. */
const BLOCKED_MS = 1_200;
const running: PressureRuntime[] = [];

afterEach(async () => {
  for (const pressure of running.splice(0)) await pressure.stop();
});

/** A runtime at the default thresholds, and everything that it says of levels and health. */
async function watch(options: PressureOptions): Promise<{ pressure: PressureRuntime; said: string[] }> {
  const pressure = await startPressureRuntime(options);
  running.push(pressure);
  const said: string[] = [];
  pressure.on('level', ({ summary }) => said.push(summary));
  pressure.on('health', ({ to, reason }) => said.push(`${to}: ${reason}`));
  return { pressure, said };
}

describe('no level changes', () => {
  it('because a neighbour stalls the whole machine', async () => {
    const roots = copyOfTree('v1-leaf');
    rmSync(join(roots.cgroup, 'unified/memory.pressure')); // without counters of its own, those of the machine count
    let stalledUs = 0;
    const stall = (forUs: number) => {
      stalledUs += forUs;
      const line = `avg10=99.00 avg60=99.00 avg300=99.00 total=${stalledUs}`;
      writeFileSync(join(roots.proc, 'pressure/memory'), `some ${line}\nfull ${line}\n`);
    };
    stall(0);
    const { pressure, said } = await watch({ roots });
    for (let second = 0; second < 10; second++) {
      stall(60e6);
      const { stall: seen, level } = await sampleNow(pressure);
      expect(seen).toEqual({ some: 1, full: 1 });
      expect(level).toBe('normal');
    }
    expect(said).toEqual([]);
  });

  it('because of garbage that stays below the threshold', async () => {
    const spikeBytes = 128 * MIB;
    const limitBytes = Math.round((process.memoryUsage.rss() + spikeBytes) / 0.6);
    const resources = { system: false, container: false, heap: false, process: { limitBytes } } as const;
    const { pressure, said } = await watch({ resources, minIntervalMs: 10 });
    const before = await sampleNow(pressure);
    let garbage: Buffer[] = [];
    let highest = 0;
    for (let chunk = 0; chunk < 16; chunk++) {
      garbage.push(Buffer.alloc(spikeBytes / 16, 1));
      highest = Math.max(highest, (await sampleNow(pressure)).resources.process?.ratio ?? 0);
    }
    garbage = [];
    const after = await sampleNow(pressure);
    expect(highest * limitBytes).toBeGreaterThan((before.resources.process?.usedBytes ?? 0) + spikeBytes / 2);
    expect(highest).toBeLessThan(0.7);
    expect(after.level).toBe('normal');
    expect(garbage).toEqual([]);
    expect(said).toEqual([]);
  });

  it('because the loop is blocked for a second', async () => {
    const { pressure, said } = await watch({ updateIntervalMs: 50 });
    const { sampleCount, level } = await sampleNow(pressure);
    const endMs = performance.now() + BLOCKED_MS;
    while (performance.now() < endMs);
    const after = pressure.state;
    expect(after.sampleCount).toBeGreaterThan(sampleCount); // it was watched meanwhile
    expect(after.level).toBe(level);
    await sampleNow(pressure); // what was posted meanwhile is heard before the answer
    expect(pressure.state.health).toBe('ok');
    expect(said).toEqual([]);
  });

  it('because the loop is blocked for longer, but that its heap cannot be seen meanwhile is said', async () => {
    const { pressure, said } = await watch({ updateIntervalMs: 50 });
    await sampleNow(pressure);
    const endMs = performance.now() + 2_500;
    while (performance.now() < endMs);
    await vi.waitUntil(() => said.at(-1)?.startsWith('ok'));
    expect(said).toEqual([
      expect.stringMatching(/^degraded: heap: nothing new for 1[56]\d\d ms$/),
      'ok: all sources are read again',
    ]);
  });

  it('because the thread with the fullest heap is blocked for a second while others show theirs', async () => {
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    const warning = used_heap_size / heap_size_limit / 2; // far more than a thread that just began has
    const { pressure, said } = await watch({
      updateIntervalMs: 50,
      autoEviction: false,
      hysteresis: { enableDelta: 0 },
      resources: {
        system: false,
        container: false,
        heap: { thresholds: { warning, critical: 0.97, emergency: 0.98 } },
      },
    });
    const worker = new Worker(new URL('../support/loop-worker.mjs', import.meta.url), {
      workerData: { handle: pressure.handle, mode: 'idle', entries: 0 },
    });
    onTestFinished(async () => void (await worker.terminate()));
    await once(worker, 'message');
    expect((await sampleNow(pressure)).level).toBe('warning');
    said.length = 0;
    const endMs = performance.now() + BLOCKED_MS;
    while (performance.now() < endMs);
    await sampleNow(pressure);
    expect(said).toEqual([]);
  });
});
