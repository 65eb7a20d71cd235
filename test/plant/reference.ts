import { type EvictionPolicy, hold, type PolicyInput } from '#src/core/eviction-policy.js';
import { isAtLeast } from '#src/core/level.js';
import { createAdaptivePolicy } from '#src/core/policies/adaptive.js';
import type { Settings } from '#src/core/settings.js';

/**
 * What nobody would want and nobody can beat at surviving: from `critical` on every cache is emptied and kept empty, and everything dead
 * is collected at once; below it the caches grow as far as to `warning`. It knows what every policy knows, no more. Where this one
 * dies, so does every policy that does nothing below `critical`.
 */
export function createPanicPolicy(_: Settings): EvictionPolicy {
  return {
    name: 'panic',
    decide(input) {
      if (!isAtLeast(input.level, 'critical')) return hold('calm', input.cacheBytes + roomBytes(input), 0);
      const { evictableBytes, uncollectedBytes } = input;
      const collect = evictableBytes + uncollectedBytes > 0 ? 'always' : 'never';
      return { evictBytes: evictableBytes, collect, capBytes: 0, paceBytes: 0, reason: 'panic' };
    },
  };
}

/**
 * The default policy until usage first reaches `critical`, and from then on the one that gives everything. Where this one dies, nothing that is
 * decided at `critical` is in time: only smaller caches would have lived, by luck or because they had panicked before.
 */
export function createLatePanicPolicy(settings: Settings): EvictionPolicy {
  const before = createAdaptivePolicy();
  const after = createPanicPolicy(settings);
  let panicked = false;
  return {
    name: 'late panic',
    decide(input) {
      panicked ||= isAtLeast(input.level, 'critical');
      return panicked ? after.decide(input) : before.decide(input);
    },
  };
}

/** Room below the nearest `warning`. */
function roomBytes({ resources }: PolicyInput): number {
  let bytes = Number.POSITIVE_INFINITY;
  for (const { known, thresholds, limitBytes, usedBytes } of resources) {
    if (known) bytes = Math.min(bytes, Math.max(0, thresholds.warning * limitBytes - usedBytes));
  }
  return bytes;
}
