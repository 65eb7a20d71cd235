import { releaseRatio } from '../classifier.js';
import {
  type BindingResource,
  type EvictionPolicy,
  hold,
  type PolicyDecision,
  type PolicyInput,
} from '../eviction-policy.js';
import { formatBytes } from '../units.js';

/** Collections are paced once this much was evicted since the last. Source: the design, fact 3 (16 to 32 MB at 3 to 6 ms each). */
const PACE_BYTES = 24 * 1024 * 1024;

/** Share of the limit that is worth a round: smaller excesses wait. */
const LEAST_BITE_SHARE = 0.01;

/** From the crossing to the freed page: a sample, an eviction, a collection. Source: bench/eviction. */
const REACTION_SECONDS = 0.05;

/** The default policy: see the design, policy 4. First form: it holds what it reached, and evicts what goes beyond. */
export function createAdaptivePolicy(): EvictionPolicy {
  let capBytes: number | null = null;
  let acceptedBytes = 0;

  return {
    name: 'adaptive',
    decide(input: PolicyInput): PolicyDecision {
      const { binding } = input;
      if (binding === null || input.level === 'normal')
        return hold('normal', capBytes, capBytes === null ? null : PACE_BYTES);
      if (input.roundActive) return hold('a round is going on', capBytes, PACE_BYTES);
      const targetBytes = Math.max(releaseBytes(binding), acceptedBytes);
      const growthBytes = Math.max(0, input.growthBytesPerSecond) * REACTION_SECONDS;
      const demandBytes = binding.usedBytes - targetBytes + growthBytes - input.uncollectedBytes;
      if (demandBytes < LEAST_BITE_SHARE * binding.limitBytes) {
        const collect = input.uncollectedBytes > PACE_BYTES ? 'ifDue' : 'never';
        return { ...hold('what was evicted is still to be collected', capBytes, PACE_BYTES), collect };
      }
      const evictBytes = Math.min(demandBytes, input.evictableBytes);
      acceptedBytes = Math.max(acceptedBytes, binding.usedBytes - evictBytes);
      capBytes = input.cacheBytes - evictBytes;
      return {
        evictBytes,
        collect: input.level === 'emergency' ? 'always' : 'ifDue',
        capBytes,
        paceBytes: PACE_BYTES,
        reason: `evict ${formatBytes(evictBytes)}`,
      };
    },
  };
}

function releaseBytes(binding: BindingResource): number {
  return releaseRatio(binding.thresholds.warning, binding.enableDelta) * binding.limitBytes;
}
