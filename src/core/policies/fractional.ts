import { type EvictionPolicy, hold, type PolicyDecision, type PolicyInput } from '../eviction-policy.js';
import { type Level, levelCode } from '../level.js';
import type { EvictionTargets } from '../settings.js';
import { formatBytes } from '../units.js';

/** The document's conservative targets. Source: GifLab, "Eviction Policy". */
export const CONSERVATIVE_TARGETS: EvictionTargets = { warning: 0.15, critical: 0.3, emergency: 0.5 };

/** The document's aggressive targets, which its code never read. Source: the design, policy 4. */
export const AGGRESSIVE_TARGETS: EvictionTargets = { warning: 0.3, critical: 0.5, emergency: 0.8 };

export interface FractionalOptions {
  readonly name: string;
  /** Shares of process RSS. */
  readonly targets: EvictionTargets;
  readonly cooldownMs: number;
}

/**
 * The document's policy: at each level free a fixed share of the resident set, then leave that level alone for the cooldown. A
 * worse level than the last round's starts a round at once. Until the cooldown ends the caches are held at the size that the
 * round left them: what was evicted must not simply come back.
 */
export function createFractionalPolicy({ name, targets, cooldownMs }: FractionalOptions): EvictionPolicy {
  let roundLevel: Level = 'normal';
  let roundMs = Number.NEGATIVE_INFINITY;
  let capBytes: number | null = null;

  return {
    name,
    decide(input: PolicyInput): PolicyDecision {
      const cooling = input.nowMs - roundMs < cooldownMs;
      if (!cooling) capBytes = null;
      if (input.level === 'normal') return hold('normal', capBytes, null);
      if (input.roundActive) return hold('a round is going on', capBytes, null);
      if (cooling && levelCode(input.level) <= levelCode(roundLevel)) {
        return hold(`cooling down after the round at ${roundLevel}`, capBytes, null);
      }
      if (input.evictableBytes === 0) return hold('nothing to evict', capBytes, null);
      const share = targets[input.level];
      const evictBytes = Math.min(Math.ceil(input.rssBytes * share), input.evictableBytes);
      roundLevel = input.level;
      roundMs = input.nowMs;
      capBytes = Math.max(0, input.cacheBytes - evictBytes);
      return {
        evictBytes: Math.ceil(input.rssBytes * share),
        collect: input.level === 'emergency' ? 'always' : 'ifDue',
        capBytes,
        paceBytes: null,
        reason: `${input.level}: free ${Math.round(share * 100)} % of ${formatBytes(input.rssBytes)} resident`,
      };
    },
  };
}
