import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { isAwaited, reactionSeconds } from './overshoot.js';

/**
 * Where `emergency` is closer than this at the rate of growth, a collection is worth its time whatever the duty says; and where it is others that
 * grow, the caches give already at `warning`. A thread may be in a pause of V8's for 0.1 s when it is asked.
 */
const HURRY_SECONDS = 0.3;

/** The same where a collection is dear: it may be refused for seconds, and then takes some tenths of one. */
const DEAR_HURRY_SECONDS = 1;
const DEAR_THREAT_SECONDS = 0.5;

/** Whether what others do to this resource kills before the caches have given, if they wait for `critical`. Pure. */
export function isThreat(watched: WatchedResource, input: PolicyInput, foreignBytesPerSecond: number): boolean {
  const seconds = isAwaited(watched, input) ? DEAR_THREAT_SECONDS : HURRY_SECONDS;
  return watched.resource !== 'heap' && isEmergencyNear(watched, foreignBytesPerSecond, seconds);
}

/** Whether there is no time to wait for relief. Pure. */
export function isHurried(input: PolicyInput, binding: WatchedResource): boolean {
  const seconds = isAwaited(binding, input) ? DEAR_HURRY_SECONDS : HURRY_SECONDS;
  return input.level === 'emergency' || isEmergencyNear(binding, input.growthBytesPerSecond, seconds);
}

/** Whether this growth leads to `emergency` within the time in which a round that begins now can be over. Pure. */
export function isEmergencyNear(
  binding: WatchedResource,
  growthBytesPerSecond: number,
  seconds = HURRY_SECONDS,
): boolean {
  return binding.usedBytes + growthBytesPerSecond * seconds > emergencyBytes(binding);
}

/** Whether usage stays well below the limit, halfway from `emergency` at the most, until a collection that begins now is over. Pure. */
export function isTimeToCollect(input: PolicyInput, binding: WatchedResource): boolean {
  const soonBytes = binding.usedBytes + Math.max(0, input.growthBytesPerSecond) * reactionSeconds(input);
  return input.level !== 'emergency' && soonBytes < (emergencyBytes(binding) + binding.limitBytes) / 2;
}

/** Usage at which `emergency` begins. Pure. */
export function emergencyBytes({ limitBytes, thresholds }: WatchedResource): number {
  return thresholds.emergency * limitBytes;
}
