import { createPolicy } from '../core/policies/create.js';
import type { Settings } from '../core/settings.js';
import type { InjectedReading, SamplerControl, SamplerMessage, ThreadMessage } from '../page/protocol.js';
import { openSources } from '../sources/detect.js';
import { openThreadCpuClock } from '../sources/thread-cpu.js';
import { controlOf } from './control.js';
import { CpuAccount } from './cpu-account.js';
import { SamplingLoop } from './loop.js';
import { Sampler } from './sampler.js';

/** A sampler at work, as its neighbourhood sees it. */
export interface SamplingSite {
  /** Whether the first sample found any source of memory. */
  readonly hasSource: boolean;
  readonly control: SamplerControl;
  receive(message: ThreadMessage): void;
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
  const sampler = new Sampler(words, settings, await openSources(settings), createPolicy(settings), post);
  sampler.inject(injected);
  const cpu = new CpuAccount(ownThread ? openThreadCpuClock() : null, sampler.inheritedCpuUs);
  const loop = new SamplingLoop(sampler, cpu, settings.minIntervalMs);
  loop.sampleNow();
  return {
    hasSource: sampler.hasSource,
    control: controlOf(sampler, loop),
    receive(message) {
      if (message.type === 'paid') sampler.paid();
      else if (message.type === 'decision') sampler.follow(message.decision, message.policy);
      loop.expedite();
    },
  };
}
