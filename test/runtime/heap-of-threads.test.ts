import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EvictionReport, type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { sampleNow } from '#src/testing.js';

const ENTRY = new URL('../support/heap-worker.mjs', import.meta.url);

/** A thread whose old space may grow to 128 MiB, with a cache of 20 MiB on it. */
async function spawn(pressure: PressureRuntime, name: string) {
  const worker = new Worker(ENTRY, {
    workerData: { handle: pressure.handle, name, entries: 320 },
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  onTestFinished(async () => void (await worker.terminate()));
  const [filledEntries] = (await once(worker, 'message')) as [number];
  return {
    /** As many of its entries as its own heap had room for. */
    filledEntries,
    threadId: worker.threadId,
    async addBallast(mebibytes: number): Promise<number> {
      worker.postMessage(mebibytes);
      const [entries] = (await once(worker, 'message')) as [number];
      return entries;
    },
  };
}

describe('the heap of each thread', () => {
  it('is paid for by the caches of that thread alone', async () => {
    const pressure = await startPressureRuntime({
      // V8 gives up on a heap that is four fifths full and collects slowly, as it does on a busy machine: stay below that
      resources: {
        system: false,
        container: false,
        heap: { thresholds: { warning: 0.45, critical: 0.55, emergency: 0.75 } },
      },
      updateIntervalMs: 100,
      alerts: false,
    });
    onTestFinished(() => pressure.stop());
    const own = new Map([[0, Buffer.alloc(2 ** 20)]]);
    pressure.register(own, { name: 'mine', priority: 1 }); // would go first, if it had to pay
    const pressed = await spawn(pressure, 'pressed');
    const calm = await spawn(pressure, 'calm');

    const round = new Promise<EvictionReport>((resolve) => pressure.once('eviction', resolve));
    for (let step = 0; step < 60 && !pressure.isAtLeast('critical'); step++) {
      await pressed.addBallast(2);
      await sampleNow(pressure);
    }
    expect(pressure.state.cause).toBe('heap');
    const report = await round;
    expect(report).toMatchObject({ cause: 'heap' });
    expect(new Set(report.caches.map(({ thread }) => thread))).toEqual(new Set([pressed.threadId]));
    expect(await pressed.addBallast(0)).toBeLessThan(pressed.filledEntries);
    expect(await calm.addBallast(0)).toBe(calm.filledEntries);
    expect(own.size).toBe(1);
  });
});
