import type { PolicyInput, WatchedResource } from '../eviction-policy.js';

/**
 * However full the others make the machine, below `emergency` the caches may hold this share of it: a process that starts on a full
 * machine would otherwise never cache anything.
 */
const CLAIM_SHARE = 0.02;

/**
 * The part of a resource's usage that is this process's own, 0 to 1. A container, a heap, a limit of one's own are all its own business:
 * whoever fills them, it is this process that dies. A machine is shared, and what others hold cannot be given back by the caches. Pure.
 */
export function ownShare(
  { resource, usedBytes }: WatchedResource,
  { level, rssBytes }: Pick<PolicyInput, 'level' | 'rssBytes'>,
): number {
  if (resource !== 'system' || level === 'emergency' || usedBytes <= 0) return 1;
  return Math.min(1, rssBytes / usedBytes);
}

/**
 * The usage up to which the caches may grow: `warning`, and the closer to `critical` the more of the usage is others'. Where a machine
 * is between the two most of the time, that is no reason to cache nothing. Bytes. Pure.
 */
export function growthBoundBytes(watched: WatchedResource, input: PolicyInput): number {
  const { warning, critical } = watched.thresholds;
  return (warning + (critical - warning) * (1 - ownShare(watched, input)) * MOST_APPROACH) * watched.limitBytes;
}

/** Growth ends at this part of the way from `warning` to `critical`, so that it never enters `critical` by itself. */
const MOST_APPROACH = 0.75;

/** What the caches may hold in any case, bytes; 0 where the resource is all the process's own, or in an emergency. Pure. */
export function claimBytes({ resource, limitBytes }: WatchedResource, { level }: PolicyInput): number {
  return resource === 'system' && level !== 'emergency' ? CLAIM_SHARE * limitBytes : 0;
}
