/** A process that nothing but a call to a sampler that is down keeps alive. Prints the health that the call finds. */
import { BroadcastChannel } from 'node:worker_threads';
import { startPressureRuntime } from 'spillway';
import { sampleNow } from 'spillway/testing';

const pressure = await startPressureRuntime({ updateIntervalMs: 50 });
const channel = new BroadcastChannel('spillway-test-faults');
channel.postMessage('exit');
await new Promise((resolve) => pressure.once('health', resolve));
channel.close();
const { health } = await sampleNow(pressure);
process.stdout.write(health);
