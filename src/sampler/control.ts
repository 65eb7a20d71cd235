import type { SamplerControl } from '../page/protocol.js';
import type { SamplingLoop } from './loop.js';
import type { Sampler } from './sampler.js';

/** The control calls, for whoever runs the sampler: exposed over comlink on its own thread, called directly in the starting one. */
export function controlOf(sampler: Sampler, loop: SamplingLoop): SamplerControl {
  return {
    evict: (bytes, level) => {
      loop.refresh(); // the relief is measured from here
      const report = sampler.evict(bytes, level);
      loop.expedite();
      return report;
    },
    inject: async (readings) => {
      sampler.inject(readings ?? []);
      loop.sampleNow();
    },
    sampleNow: async () => loop.sampleNow(),
    stop: async () => loop.stop(),
  };
}
