import type { EvictionPolicy, PolicyDecision, PolicyInput } from '#src/core/eviction-policy.js';
import { isAtLeast } from '#src/core/level.js';
import { createPolicy, type PolicyMaker } from '#src/core/policies/create.js';
import type { RunOptions } from './run.js';

/** The default policy with one thing broken by hand. */
export interface Mutant {
  readonly name: string;
  readonly options: RunOptions;
}

/** What a mutant changes of what the policy sees, and of what it decides. */
interface Change {
  readonly input?: (input: PolicyInput) => PolicyInput;
  readonly decision?: (decision: PolicyDecision, input: PolicyInput) => PolicyDecision;
}

/** @param change made anew for each policy, so that it may keep state of its own. */
function mutated(change: () => Change): RunOptions {
  const makePolicy: PolicyMaker = (settings) => {
    const policy = createPolicy(settings);
    if (policy === null) return null;
    const { input: seen = (input) => input, decision: decided = (decision) => decision } = change();
    const mutant: EvictionPolicy = {
      name: policy.name,
      decide: (input) => decided(policy.decide(seen(input)), input),
    };
    return mutant;
  };
  return { makePolicy };
}

/** Bytes above `critical`; at most 0 below it. */
function overBytes({ binding }: PolicyInput): number {
  return binding === null ? 0 : binding.usedBytes - binding.thresholds.critical * binding.limitBytes;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'chases the reading: evicts what is over critical with every sample',
    options: mutated(() => ({
      decision: (decision, input) => {
        const isOver = isAtLeast(input.level, 'critical') && overBytes(input) > 0 && !input.roundActive;
        return isOver ? { ...decision, evictBytes: 4 * overBytes(input), capBytes: null } : decision;
      },
    })),
  },
  {
    name: 'goes by readings from before the last payment',
    options: mutated(() => ({
      input: (input) => ({
        ...input,
        binding: input.binding === null ? null : { ...input.binding, readUs: input.nowMs * 1e3 },
        resources: input.resources.map((watched) => ({ ...watched, readUs: input.nowMs * 1e3 })),
        uncollectedBytes: 0,
      }),
    })),
  },
  {
    name: 'sets no cap and starts no round',
    options: mutated(() => ({ decision: (decision) => ({ ...decision, evictBytes: 0, capBytes: null }) })),
  },
  {
    name: 'never lets the caches grow again',
    options: mutated(() => {
      let leastBytes = Number.POSITIVE_INFINITY;
      return {
        decision: (decision) => {
          if (decision.evictBytes > 0 && decision.capBytes !== null) leastBytes = decision.capBytes;
          const capBytes = decision.capBytes === null ? null : Math.min(leastBytes, decision.capBytes);
          return { ...decision, capBytes };
        },
      };
    }),
  },
  {
    name: 'takes a bite every few seconds',
    options: mutated(() => {
      let bittenMs = 0;
      return {
        decision: (decision, { nowMs, binding, roundActive }) => {
          if (binding === null || roundActive || nowMs - bittenMs < 6000) return decision;
          bittenMs = nowMs;
          return { ...decision, evictBytes: Math.max(decision.evictBytes, 0.03 * binding.limitBytes) };
        },
      };
    }),
  },
  {
    name: 'takes all of the machine for its own doing',
    options: mutated(() => ({
      input: (input) => ({ ...input, rssBytes: Math.max(input.rssBytes, input.binding?.usedBytes ?? 0) }),
    })),
  },
  {
    name: 'divides by what may be nothing',
    options: mutated(() => ({
      decision: (decision, { evictableBytes }) => ({
        ...decision,
        capBytes: (decision.capBytes ?? 0) / evictableBytes,
      }),
    })),
  },
  { name: 'forgets the floors', options: { settings: { respectCacheLimits: false } } },
];
