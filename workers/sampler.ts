/**
 * Entry of the sampler thread: samples until it is told to stop. workerData: `SamplerWorkerData`. Everything it says goes through
 * its one port, so that an answer never overtakes the transition that it caused.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { takeLifelines } from '../src/page/lifeline.js';
import { openPage } from '../src/page/page.js';
import type { DecisionMessage, SamplerMessage, SamplerWorkerData } from '../src/page/protocol.js';
import { startSampling } from '../src/sampler/site.js';

const port = parentPort;
if (port === null) throw new Error('This module is the entry of a worker thread');

const { page, settings, injected } = workerData as SamplerWorkerData;
const words = openPage(page);

async function run(toPort: MessagePort): Promise<void> {
  const post = (message: SamplerMessage) => toPort.postMessage(message);
  const site = await startSampling(words, { settings, injected, ownThread: true, post });
  takeLifelines(words, (claim) => site.threadEnded(claim));
  toPort.on('message', (message: DecisionMessage) => site.receive(message));
  expose(site.control, nodeEndpoint(toPort));
  post({ type: 'ready', hasSource: site.hasSource });
}

void run(port);
