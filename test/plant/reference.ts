import { type EvictionPolicy, hold, type PolicyInput } from '#src/core/eviction-policy.js';
import { isAtLeast } from '#src/core/level.js';
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

/** Room below the nearest `warning`. */
function roomBytes({ resources }: PolicyInput): number {
  let bytes = Number.POSITIVE_INFINITY;
  for (const { known, thresholds, limitBytes, usedBytes } of resources) {
    if (known) bytes = Math.min(bytes, Math.max(0, thresholds.warning * limitBytes - usedBytes));
  }
  return bytes;
}
