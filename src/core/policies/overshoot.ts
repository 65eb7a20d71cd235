import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { ownShare } from './ownership.js';

/** How much more than the overshoot is given in an emergency. Source: bench/squeeze with other memory rising at 1 GB/s. */
const MOST_URGENCY = 4;

/** What the caches owe for usage that is past what they have paid for, bytes: of what is theirs. Pure. */
export function owedBytes(binding: WatchedResource, input: PolicyInput, pastBytes: number): number {
  const share = ownShare(binding, input);
  const deadBytes = deadPart(binding, input, pastBytes);
  return share * (deadBytes + urgency(binding, share) * (pastBytes - deadBytes));
}

/**
 * Each byte of overshoot is paid for once at `critical`, and `MOST_URGENCY` times from `emergency` on: what is given is not all returned.
 * What others did is not made up for more than once.
 */
function urgency({ usedBytes, limitBytes, thresholds }: WatchedResource, share: number): number {
  const depth = (usedBytes / limitBytes - thresholds.critical) / (thresholds.emergency - thresholds.critical);
  return 1 + (MOST_URGENCY - 1) * Math.min(1, Math.max(0, depth)) * share;
}

/** The part of all the caches that is given past `emergency`: at the limit itself there is nothing left to keep them for. Pure. */
export function lastShare(usedBytes: number, { limitBytes, thresholds }: WatchedResource): number {
  const leftBytes = (1 - thresholds.emergency) * limitBytes;
  return leftBytes > 0 ? Math.min(1, Math.max(0, (usedBytes - thresholds.emergency * limitBytes) / leftBytes)) : 0;
}

/**
 * How much of an overshoot is only dead, where several threads own caches: each thread's V8 collects after some 64 MiB, so together they can
 * have half of what is used dead at a time. That is paid for once, in case the collections come late, but not urgently: caches would be
 * emptied for what they gave already. With one thread urgency reckons with it, and V8's heap counts without it. Source: bench/threads.
 */
function deadPart(
  { resource }: WatchedResource,
  { threads, uncollectedBytes }: PolicyInput,
  pastBytes: number,
): number {
  return threads === 1 || resource === 'heap' ? 0 : Math.min(pastBytes, uncollectedBytes);
}
