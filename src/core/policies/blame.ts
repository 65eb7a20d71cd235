import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import type { Cap } from './cap.js';
import { growthBoundBytes, ownShare } from './ownership.js';
import { peakBoundBytes } from './resource-track.js';

/** Usage that is past its bound by more than this many times what the caches grew by since they gave last is the doing of others. */
const MOST_BLAME = 2;

/**
 * What looks like others' growth at `warning` is blamed on the caches only where they gave, or were stopped, so short a time ago: garbage rises as
 * fast, and comes back.
 */
const AGAIN_MS = 10_000;

/**
 * The joint size of the caches with which usage would not be past its bound, bytes; null where it is not their growth that brought it there. Pure.
 * @param lowBytes the least that they held lately.
 */
export function sizeThatFits(
  binding: WatchedResource,
  input: PolicyInput,
  effectiveBytes: number,
  { leftBytes, cutMs }: Pick<Cap, 'leftBytes' | 'cutMs'>,
  lowBytes: number,
): number | null {
  const { nowMs, level, cacheBytes } = input;
  const isEarly = level === 'warning';
  if (isEarly && nowMs - cutMs > AGAIN_MS) return null;
  const boundBytes = isEarly ? growthBoundBytes(binding, input) : peakBoundBytes(binding);
  const beyondBytes = ownShare(binding, input) * (effectiveBytes - boundBytes);
  const grownBytes = cacheBytes - Math.max(leftBytes, lowBytes);
  return beyondBytes > MOST_BLAME * grownBytes ? null : Math.max(leftBytes, cacheBytes - beyondBytes);
}
