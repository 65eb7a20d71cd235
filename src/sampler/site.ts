import { createPolicy } from '../core/policies/create.js';
import type { Settings } from '../core/settings.js';
import { listenAsSampler } from '../page/bell.js';
import { openBroadcast } from '../page/broadcast.js';
import { loadNative } from '../page/native-load.js';
import type {
  BroadcastMessage,
  DecisionMessage,
  InjectedReading,
  SamplerControl,
  SamplerMessage,
} from '../page/protocol.js';
import type { ThreadClaim } from '../page/thread-rows.js';
import { openSources } from '../sources/detect.js';
import { openThreadCpuClock } from '../sources/thread-cpu.js';
import { controlOf } from './control.js';
import { CpuAccount } from './cpu-account.js';
import { SamplingLoop } from './loop.js';
import { Needs } from './needs.js';
import { Sampler } from './sampler.js';

type EvictMessage = Extract<BroadcastMessage, { type: 'evict' }>;
type MessageForAll = Extract<SamplerMessage, BroadcastMessage>;

/** A sampler at work, as its neighbourhood sees it. */
export interface SamplingSite {
  /** Whether the first sample found any source of memory. */
  readonly hasSource: boolean;
  readonly control: SamplerControl;
  receive(message: DecisionMessage): void;
  /** A thread with rows ended. */
  threadEnded(claim: ThreadClaim): void;
}

export interface SiteOptions {
  readonly settings: Settings;
  readonly injected: readonly InjectedReading[];
  /**
   * True: the thread is the sampler's own. False: it is the application's, which must not be bothered faster than the calm cadence, and
   * whose CPU time says nothing about sampling.
   */
  readonly ownThread: boolean;
  readonly post: (message: SamplerMessage) => void;
}

/** Opens the sources, takes the first sample, and goes on sampling on the calling thread until `control.stop()`. */
export async function startSampling(words: Int32Array, options: SiteOptions): Promise<SamplingSite> {
  const { injected, ownThread, post } = options;
  const settings = ownThread
    ? options.settings
    : { ...options.settings, minIntervalMs: options.settings.updateIntervalMs };
  const opened = await openSources(settings, ownThread);
  // giving pages back may take tens of ms, which the application's thread does not have
  const openAllocator = () => (ownThread ? loadNative(words, opened.openAllocator) : null);
  const sources = { ...opened, openAllocator };
  const broadcast = openBroadcast(words, (message) => {
    if (message.type === 'evict') void answer(message);
  });
  const sampler = new Sampler(words, settings, sources, createPolicy, (message) => {
    if (isForAll(message)) broadcast.post(message);
    post(message);
  });
  sampler.inject(injected);
  const cpu = new CpuAccount(ownThread ? openThreadCpuClock() : null, sampler.inheritedCpuUs);
  const loop = new SamplingLoop(sampler, cpu, settings.minIntervalMs);
  const bell = listenAsSampler(words, () => {
    sampler.paid();
    needs.serve();
    loop.expedite();
  });
  const needs = new Needs(words, sampler, loop);
  const control = controlOf(sampler, loop);
  const answer = async ({ asker, bytes, level }: EvictMessage) => {
    broadcast.post({ type: 'evicted', asker, report: await control.evict(bytes, level) });
  };
  loop.sampleNow();
  return {
    hasSource: sampler.hasSource,
    control: {
      ...control,
      stop: async () => {
        bell.stop();
        await control.stop();
        broadcast.close();
      },
    },
    threadEnded: (claim) => sampler.threadEnded(claim),
    receive(message) {
      // the port also carries comlink's calls
      if (message.type === 'decision') sampler.follow(message.decision, message.policy);
      loop.expedite();
    },
  };
}

/** Health is told to all by the starting thread, which knows of more than the sources. */
function isForAll(message: SamplerMessage): message is MessageForAll {
  const { type } = message;
  return type === 'level' || type === 'eviction' || type === 'settled' || type === 'error';
}
