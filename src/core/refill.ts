import type { PolicyInput, WatchedResource } from './eviction-policy.js';
import { ownShare } from './policies/ownership.js';
import type { Resource } from './resource.js';

/**
 * Pages that were given back and are about to be taken again: where entries come and go, allocators fill what they have free within milliseconds, so
 * usage right afterwards says nothing of the room there is. Until it was seen to stay away it counts as used. Pure; bytes of the resident set.
 */
export interface Refill {
  /**
   * Pages were given back.
   * @param beforeBytes resident until then.
   * @param goneBytes what of it caches gave up for good: that does not come again.
   */
  gave(nowMs: number, beforeBytes: number, goneBytes: number): void;
  /** Whether anything is expected at all: else the resident set need not be read. */
  isExpected(nowMs: number): boolean;
  /** What is still expected to come, bytes. */
  bytes(nowMs: number, rssBytes: number): number;
}

/**
 * What has not come again after so long does not come; it is believed less and less until then. Several times the pause between two
 * major collections of a busy heap.
 */
const REFILL_MS = 300;

export function createRefill(): Refill {
  let highBytes = 0;
  let gaveMs = Number.NEGATIVE_INFINITY;

  function belief(nowMs: number): number {
    return Math.max(0, 1 - (nowMs - gaveMs) / REFILL_MS);
  }

  return {
    gave(nowMs, beforeBytes, goneBytes) {
      const expectedBytes = belief(nowMs) > 0 ? Math.max(highBytes, beforeBytes) : beforeBytes;
      highBytes = expectedBytes - goneBytes;
      gaveMs = nowMs;
    },
    isExpected: (nowMs) => belief(nowMs) > 0,
    bytes(nowMs, rssBytes) {
      return belief(nowMs) * Math.max(0, highBytes - rssBytes);
    },
  };
}

/** Whether the resident set counts for the resource: not for a heap, and not for readings of a test. Pure. */
export function countsPages(resource: Resource): boolean {
  return resource !== 'heap' && resource !== 'injected';
}

/**
 * The resource as a policy is to see it: pages that were given back, and are about to be taken again, are used. On a machine that others fill
 * those do not matter. Pure.
 */
export function withRefill(
  watched: WatchedResource,
  refillBytes: number,
  process: Pick<PolicyInput, 'level' | 'rssBytes'>,
): WatchedResource {
  const { resource, known, usedBytes, limitBytes } = watched;
  if (!known || !countsPages(resource)) return watched;
  return { ...watched, usedBytes: Math.min(limitBytes, usedBytes + ownShare(watched, process) * refillBytes) };
}
