/** Preloaded into every thread of a test: lets the test break the sampler thread from inside. */
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const FAULTS = {
  throw: () => {
    throw new Error('broken from inside');
  },
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
};

if (!isMainThread && workerData?.settings !== undefined) {
  if (process.env.SPILLWAY_TEST_FAULT_AT_START !== undefined) FAULTS[process.env.SPILLWAY_TEST_FAULT_AT_START]();
  const channel = new BroadcastChannel('spillway-test-faults');
  channel.onmessage = ({ data }) => {
    channel.postMessage('breaking');
    queueMicrotask(FAULTS[data]);
  };
  channel.unref();
}
