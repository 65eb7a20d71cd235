import { onTestFinished } from 'vitest';
import { attachPressureRuntime, startPressureRuntime } from '#src/index.js';
import { inject, sampleNow } from '#src/testing.js';
import { startRuntimeElsewhere } from '../support/runtime-host.js';
import { describePressure } from './contract-suite.js';

describePressure('a runtime that was started on this thread', async (options) => {
  const pressure = await startPressureRuntime(options);
  onTestFinished(() => pressure.stop());
  return {
    pressure,
    inject: (readings) => inject(pressure, readings),
    sampleNow: () => sampleNow(pressure),
    caches: async () => pressure.state.caches,
    stop: () => pressure.stop(),
  };
});

describePressure('a runtime that was started on another thread and attached to this one', async (options) => {
  const host = await startRuntimeElsewhere(options);
  onTestFinished(() => host.terminate());
  const pressure = attachPressureRuntime(host.handle);
  onTestFinished(() => pressure.detach());
  return { ...host, pressure };
});
