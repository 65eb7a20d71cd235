import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import type { Resource } from '../resource.js';

/**
 * What a dear collection found dead is freed by other threads while this one goes on, and shows within this time: unless usage rises by more than
 * this share of the limit meanwhile, which is then others' doing.
 */
const RETURN_MS = 100;
const RETURN_RISE_SHARE = 0.01;

/** So long it counts what a collection returned. */
const NO_USE_MS = 5000;

/** What came of the last collection, for the usage of each resource. Pure; fed with every sample. */
export interface LastCollection {
  add(input: Pick<PolicyInput, 'nowMs' | 'collections' | 'resources'>): void;
  /** Whether what it found dead may still be on its way back. */
  isReturning(nowMs: number, watched: WatchedResource): boolean;
  /** Whether usage is higher than before it: it returned less than came since. */
  wasNoUse(nowMs: number, watched: WatchedResource): boolean;
}

export function createLastCollection(): LastCollection {
  /** How many there were; Infinity: nobody has told yet. */
  let collections = Number.POSITIVE_INFINITY;
  let seenMs = Number.NEGATIVE_INFINITY;
  /** Usage with the last sample, with the last before the collection was seen, and with the one that showed it. Bytes. */
  let lastBytes = new Map<Resource, number>();
  let beforeBytes = lastBytes;
  let seenBytes = lastBytes;

  return {
    add(input) {
      const usedBytes = new Map<Resource, number>();
      for (const watched of input.resources) if (watched.known) usedBytes.set(watched.resource, watched.usedBytes);
      if (input.collections > collections) {
        seenMs = input.nowMs;
        beforeBytes = lastBytes;
        seenBytes = usedBytes;
      }
      collections = input.collections;
      lastBytes = usedBytes;
    },
    isReturning(nowMs, { resource, usedBytes, limitBytes }) {
      const mostBytes = (seenBytes.get(resource) ?? 0) + RETURN_RISE_SHARE * limitBytes;
      return nowMs - seenMs < RETURN_MS && usedBytes <= mostBytes;
    },
    wasNoUse(nowMs, { resource, usedBytes }) {
      return nowMs - seenMs < NO_USE_MS && usedBytes > (beforeBytes.get(resource) ?? Number.POSITIVE_INFINITY);
    },
  };
}
