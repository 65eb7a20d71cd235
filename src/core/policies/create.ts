import type { EvictionPolicy } from '../eviction-policy.js';
import type { Settings } from '../settings.js';
import { createAdaptivePolicy } from './adaptive.js';
import { AGGRESSIVE_TARGETS, createFractionalPolicy } from './fractional.js';

/** Makes a policy of the settings; null: it is the user's own, and decides elsewhere. */
export type PolicyMaker = (settings: Settings) => EvictionPolicy | null;

/** The built-in policy that the settings name; null for a user's own, which decides elsewhere. Pure. */
export function createPolicy(settings: Settings): EvictionPolicy | null {
  const cooldownMs = settings.evictionCooldownMs;
  switch (settings.evictionPolicy) {
    case 'adaptive':
      return createAdaptivePolicy();
    case 'conservative':
      return createFractionalPolicy({ name: 'conservative', targets: settings.evictionTargets, cooldownMs });
    case 'aggressive':
      return createFractionalPolicy({ name: 'aggressive', targets: AGGRESSIVE_TARGETS, cooldownMs });
    case 'custom':
      return null;
  }
}
