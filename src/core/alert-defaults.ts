import type { AlertRule } from './alert-rules.js';
import { releaseRatio, type Thresholds } from './classifier.js';
import { RESOURCE_NAMES, type ResourceName } from './resource.js';
import { PRESSED_LEVELS } from './settings.js';

const MINUTE_MS = 60_000;

/** How long each level must last. Source: a cadence or two of the calm interval for the milder ones; an emergency kills in less. */
const HELD_MS = { warning: 30_000, critical: 10_000, emergency: 0 } as const;

/** The window over which a moment of emergency counts: long enough to be seen by people who look now and then. */
const EMERGENCY_PEAK_MS = 5 * MINUTE_MS;

/** Rules that need no thresholds of a resource. */
const BEHAVIOUR_RULES: readonly AlertRule[] = [
  {
    name: 'runaway-growth',
    watch: 'secondsToLimit',
    comparison: '<=',
    threshold: 60,
    release: 120,
    forMs: 2000,
    cooldownMs: MINUTE_MS,
    severity: 'critical',
    unit: 'seconds',
    message: 'At its present growth memory runs out in {value}',
  },
  {
    name: 'steady-growth',
    watch: 'unowned.risingMinutes',
    comparison: '>=',
    threshold: 10,
    release: 1,
    forMs: 0,
    cooldownMs: 10 * MINUTE_MS,
    severity: 'warning',
    message: 'Memory that no registered cache owns has been growing for {value} minutes without a pause: a leak?',
  },
  {
    name: 'eviction-futile',
    watch: 'futileInARow',
    comparison: '>=',
    threshold: 2,
    release: 1,
    forMs: 0,
    cooldownMs: MINUTE_MS,
    severity: 'critical',
    message: '{value} evictions in a row gave no memory back: the growth is not in the caches',
  },
  {
    name: 'thrash',
    watch: 'caches.*.last5m.regretShare',
    comparison: '>=',
    threshold: 0.25,
    release: 0.15,
    forMs: 10_000,
    cooldownMs: 5 * MINUTE_MS,
    severity: 'warning',
    unit: 'ratio',
    message:
      '{value} of the misses of cache {subject} ask for what pressure had just evicted: it is too small for its work',
  },
  {
    name: 'cache-useless',
    watch: 'caches.*.last5m.hitRate',
    comparison: '<=',
    threshold: 0.01,
    release: 0.05,
    forMs: MINUTE_MS,
    cooldownMs: 30 * MINUTE_MS,
    severity: 'warning',
    unit: 'ratio',
    message: 'Cache {subject} finds {value} of what it is asked for',
  },
  {
    name: 'sampler-degraded',
    watch: 'degraded',
    comparison: '>=',
    threshold: 1,
    forMs: 10_000,
    cooldownMs: MINUTE_MS,
    severity: 'critical',
    message: 'Memory is not being watched as it should be: a source or the sampler thread fails or is late',
  },
];

/**
 * The built-in rules: every watched resource at every level, runaway and steady growth, futile eviction, thrash, a cache that
 * never hits, a degraded sampler. Pure.
 * @param thresholds null: the resource is switched off.
 */
export function defaultAlertRules(
  thresholds: Readonly<Record<ResourceName, Thresholds | null>>,
  enableDelta: number,
): AlertRule[] {
  const ofResources = RESOURCE_NAMES.flatMap((resource) => {
    const enter = thresholds[resource];
    return enter === null ? [] : resourceRules(resource, enter, enableDelta);
  });
  return [...ofResources, ...BEHAVIOUR_RULES];
}

function resourceRules(resource: ResourceName, enter: Thresholds, enableDelta: number): AlertRule[] {
  return PRESSED_LEVELS.map((level) => ({
    name: `${resource}-${level}`,
    watch: `resources.${resource}.ratio`,
    comparison: '>=',
    threshold: enter[level],
    release: releaseRatio(enter[level], enableDelta),
    forMs: HELD_MS[level],
    ...(level === 'emergency' ? { peakMs: EMERGENCY_PEAK_MS } : {}),
    cooldownMs: MINUTE_MS,
    severity: level,
    unit: 'ratio',
    message: `${resource} memory ${level === 'emergency' ? 'peaked at' : 'is at'} {value}, ${level} begins at {threshold}`,
  }));
}
