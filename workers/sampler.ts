/**
 * Entry of the sampler thread: opens the sources, samples until it is told to stop. workerData: `SamplerWorkerData`. Everything
 * it says goes through its one port, so that an answer never overtakes the transition that it caused.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { createPolicy } from '../src/core/policies/create.js';
import { openPage } from '../src/page/page.js';
import type { SamplerMessage, SamplerWorkerData, ThreadMessage } from '../src/page/protocol.js';
import { controlOf } from '../src/sampler/control.js';
import { SamplingLoop } from '../src/sampler/loop.js';
import { Sampler } from '../src/sampler/sampler.js';
import { threadCpuUs } from '../src/sources/cpu-time.js';
import { openSources } from '../src/sources/detect.js';

const port = parentPort;
if (port === null) throw new Error('This module is the entry of a worker thread');

const { page, settings } = workerData as SamplerWorkerData;
const post = (message: SamplerMessage) => port.postMessage(message);
const sources = await openSources(settings);
const sampler = new Sampler(openPage(page), settings, sources, createPolicy(settings), post);
const loop = new SamplingLoop(sampler, threadCpuUs, settings.minIntervalMs);

port.on('message', (message: ThreadMessage) => {
  if (message.type === 'paid') sampler.paid();
  else if (message.type === 'decision') sampler.follow(message.decision, message.policy);
  loop.expedite();
});
expose(controlOf(sampler, loop), nodeEndpoint(port));
loop.sampleNow();
post({ type: 'ready', hasSource: sampler.hasSource });
