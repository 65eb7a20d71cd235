/** Starts a runtime with caches and listeners, works a little, and leaves without stopping it. */
import { startPressureRuntime } from '#src/index.js';
import { inject } from '#src/testing.js';

const pressure = await startPressureRuntime({ updateIntervalMs: 20 });
const cache = new Map();
pressure.register(cache, { name: 'map', sizeOf: () => 10 });
pressure.on('sample', () => undefined);
pressure.until('emergency').catch(() => undefined);
cache.set(1, {});
await inject(pressure, { resource: 'injected', usedBytes: 75, limitBytes: 100 });
process.on('exit', () => console.log(`leaving at ${pressure.level}`));
