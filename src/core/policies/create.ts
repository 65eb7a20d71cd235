import type { EvictionPolicy } from '../eviction-policy.js';
import type { Settings } from '../settings.js';
import { createAdaptivePolicy } from './adaptive.js';
import { AGGRESSIVE_TARGETS, createFractionalPolicy } from './fractional.js';

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
