import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import type { Resource } from '../resource.js';

/**
 * What a dear collection found dead is freed by other threads while this one goes on, and shows within this time: unless usage rises by more than
 * this share of the limit meanwhile, which is then others' doing.
 */
const RETURN_MS = 100;
const RETURN_RISE_SHARE = 0.01;

/** Usage that is higher than at a collection within this time did not come down by it: it went on rising, or rose again. */
const NO_USE_MS = 5000;

/** What came of the last collection, by the usage of the resource that bound then. Pure; fed with every sample. */
export interface LastCollection {
  add(input: PolicyInput, binding: WatchedResource | null): void;
  /** Whether what it found dead may still be on its way back. */
  isReturning(nowMs: number, binding: WatchedResource): boolean;
  /** Whether usage is higher than it was then. */
  wasNoUse(nowMs: number, binding: WatchedResource): boolean;
}

export function createLastCollection(): LastCollection {
  /** How many there were, when the last was seen, the binding resource then and its usage. */
  let collections = 0;
  let seenMs = Number.NEGATIVE_INFINITY;
  let seenIn: Resource | null = null;
  let seenBytes = 0;

  function isWithin(ms: number, nowMs: number, { resource }: WatchedResource): boolean {
    return resource === seenIn && nowMs - seenMs < ms;
  }

  return {
    add(input, binding) {
      if (input.collections === collections) return;
      collections = input.collections;
      seenMs = input.nowMs;
      seenIn = binding?.resource ?? null;
      seenBytes = binding?.usedBytes ?? 0;
    },
    isReturning(nowMs, binding) {
      const mostBytes = seenBytes + RETURN_RISE_SHARE * binding.limitBytes;
      return isWithin(RETURN_MS, nowMs, binding) && binding.usedBytes <= mostBytes;
    },
    wasNoUse(nowMs, binding) {
      return isWithin(NO_USE_MS, nowMs, binding) && binding.usedBytes > seenBytes;
    },
  };
}
