import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PressureHandle, PressureOptions, PressureState } from '#src/index.js';
import type { InjectedReading } from '#src/testing.js';

const ENTRY = new URL('./runtime-host.mjs', import.meta.url);

/** A runtime that was started on another thread. */
export interface RuntimeHost {
  readonly handle: PressureHandle;
  inject(readings: readonly InjectedReading[] | InjectedReading | null): Promise<void>;
  sampleNow(): Promise<PressureState>;
  /** What the starting thread sees of all caches. */
  caches(): Promise<PressureState['caches']>;
  stop(): Promise<void>;
  /** Ends the thread, whatever it is doing. */
  terminate(): Promise<void>;
}

export async function startRuntimeElsewhere(options: PressureOptions): Promise<RuntimeHost> {
  const worker = new Worker(ENTRY, { workerData: options });
  let lastId = 0;
  const call = async (name: string, argument?: unknown): Promise<unknown> => {
    const id = ++lastId;
    worker.postMessage({ id, call: name, argument });
    for (;;) {
      const [answer] = (await once(worker, 'message')) as [{ id: number; result: unknown }];
      if (answer.id === id) return answer.result;
    }
  };
  return {
    handle: (await call('handle')) as PressureHandle,
    inject: async (readings) => void (await call('inject', readings)),
    sampleNow: async () => (await call('sampleNow')) as PressureState,
    caches: async () => (await call('caches')) as PressureState['caches'],
    stop: async () => void (await call('stop')),
    terminate: async () => void (await worker.terminate()),
  };
}
