import type { EvictionReport } from './eviction.js';
import { LEVELS, levelCode } from './level.js';
import type { PressureState } from './state.js';
import type { CacheStatistics, PressureStatistics } from './statistics.js';

/** What metrics and alerts are computed from: the state and the counts of one moment. */
export interface Observation {
  readonly state: PressureState;
  readonly statistics: PressureStatistics;
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface MetricNames {
  readonly prometheus: string;
  readonly openTelemetry: string;
  /** UCUM, as OpenTelemetry writes units. */
  readonly unit:
    | 'By'
    | 'By/s'
    | 's'
    | '1'
    | '{level}'
    | '{hit}'
    | '{miss}'
    | '{eviction}'
    | '{regret}'
    | '{round}'
    | '{failure}';
  readonly help: string;
  readonly labels: readonly string[];
}

/** A metric that is read when it is collected. */
export interface ReadMetric extends MetricNames {
  readonly kind: 'gauge' | 'counter';
  read(observation: Observation): MetricSample[];
}

/** A metric that every round of eviction adds one value to. */
export interface RoundMetric extends MetricNames {
  readonly kind: 'histogram';
  readonly bounds: readonly number[];
  ofRound(report: EvictionReport): number;
}

export type Metric = ReadMetric | RoundMetric;

/**
 * THE catalog: every metric of spillway, for all exporters, the dashboard of Grafana, the alert rules of Prometheus and the
 * table in the README. A resource or cache without a value has no sample, so that a gap shows as a gap.
 */
export const METRICS: readonly Metric[] = [
  {
    prometheus: 'spillway_pressure_level',
    openTelemetry: 'spillway.pressure.level',
    kind: 'gauge',
    unit: '{level}',
    help: 'Level of memory pressure: 0 normal, 1 warning, 2 critical, 3 emergency',
    labels: [],
    read: ({ state }) => one(levelCode(state.level)),
  },
  {
    prometheus: 'spillway_pressure_ratio',
    openTelemetry: 'spillway.pressure.ratio',
    kind: 'gauge',
    unit: '1',
    help: 'Used over limit',
    labels: ['resource'],
    read: ({ state }) => perResource(state, ({ ratio }) => ratio),
  },
  {
    prometheus: 'spillway_used_bytes',
    openTelemetry: 'spillway.memory.used',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes in use',
    labels: ['resource'],
    read: ({ state }) => perResource(state, ({ usedBytes }) => usedBytes),
  },
  {
    prometheus: 'spillway_limit_bytes',
    openTelemetry: 'spillway.memory.limit',
    kind: 'gauge',
    unit: 'By',
    help: 'The limit that the bytes in use are measured against',
    labels: ['resource'],
    read: ({ state }) => perResource(state, ({ limitBytes }) => limitBytes),
  },
  {
    prometheus: 'spillway_headroom_bytes',
    openTelemetry: 'spillway.memory.headroom',
    kind: 'gauge',
    unit: 'By',
    help: 'Limit less use; negative beyond the limit',
    labels: ['resource'],
    read: ({ state }) => perResource(state, ({ limitBytes, usedBytes }) => limitBytes - usedBytes),
  },
  {
    prometheus: 'spillway_growth_bytes_per_second',
    openTelemetry: 'spillway.memory.growth',
    kind: 'gauge',
    unit: 'By/s',
    help: 'How fast the binding resource is being used up; negative while it is being freed',
    labels: [],
    read: ({ state }) => one(state.growthBytesPerSecond),
  },
  {
    prometheus: 'spillway_degraded',
    openTelemetry: 'spillway.degraded',
    kind: 'gauge',
    unit: '1',
    help: '1 while a source or the sampler thread is failing or late, else 0',
    labels: [],
    read: ({ state }) => one(state.health === 'degraded' ? 1 : 0),
  },
  {
    prometheus: 'spillway_level_seconds_total',
    openTelemetry: 'spillway.level.time',
    kind: 'counter',
    unit: 's',
    help: 'Time spent at each level',
    labels: ['level'],
    read: ({ statistics }) => LEVELS.map((level) => ({ labels: { level }, value: statistics.levelSeconds[level] })),
  },
  {
    prometheus: 'spillway_cache_bytes',
    openTelemetry: 'spillway.cache.size',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes that the registered caches hold',
    labels: ['cache'],
    read: ({ state }) => Object.entries(state.caches.byName).map(([cache, value]) => ({ labels: { cache }, value })),
  },
  {
    prometheus: 'spillway_cache_hits_total',
    openTelemetry: 'spillway.cache.hits',
    kind: 'counter',
    unit: '{hit}',
    help: 'Reads that found something',
    labels: ['cache'],
    read: ({ statistics }) => perCache(statistics, ({ hits }) => hits),
  },
  {
    prometheus: 'spillway_cache_misses_total',
    openTelemetry: 'spillway.cache.misses',
    kind: 'counter',
    unit: '{miss}',
    help: 'Reads that found nothing',
    labels: ['cache'],
    read: ({ statistics }) => perCache(statistics, ({ misses }) => misses),
  },
  {
    prometheus: 'spillway_cache_evictions_total',
    openTelemetry: 'spillway.cache.evictions',
    kind: 'counter',
    unit: '{eviction}',
    help: 'Entries dropped, by who asked: the own limit of the cache, or pressure',
    labels: ['cache', 'reason'],
    read: ({ statistics }) =>
      statistics.caches.flatMap(({ name: cache, evictions }) => [
        { labels: { cache, reason: 'own' }, value: evictions.own },
        { labels: { cache, reason: 'pressure' }, value: evictions.pressure },
      ]),
  },
  {
    prometheus: 'spillway_cache_regrets_total',
    openTelemetry: 'spillway.cache.regrets',
    kind: 'counter',
    unit: '{regret}',
    help: 'Misses on keys that pressure had evicted',
    labels: ['cache'],
    read: ({ statistics }) => perCache(statistics, ({ regrets }) => regrets),
  },
  {
    prometheus: 'spillway_evictions_total',
    openTelemetry: 'spillway.eviction.rounds',
    kind: 'counter',
    unit: '{round}',
    help: 'Rounds of eviction',
    labels: ['level'],
    read: ({ statistics }) => perLevel(statistics, ({ rounds }) => rounds),
  },
  {
    prometheus: 'spillway_evicted_bytes_total',
    openTelemetry: 'spillway.eviction.evicted',
    kind: 'counter',
    unit: 'By',
    help: 'Bytes that caches dropped',
    labels: ['level'],
    read: ({ statistics }) => perLevel(statistics, ({ evictedBytes }) => evictedBytes),
  },
  {
    prometheus: 'spillway_returned_bytes_total',
    openTelemetry: 'spillway.eviction.returned',
    kind: 'counter',
    unit: 'By',
    help: 'Bytes that the measured usage fell by after rounds of eviction',
    labels: ['level'],
    read: ({ statistics }) => perLevel(statistics, ({ returnedBytes }) => returnedBytes),
  },
  {
    prometheus: 'spillway_eviction_duration_seconds',
    openTelemetry: 'spillway.eviction.duration',
    kind: 'histogram',
    unit: 's',
    help: 'How long a round of eviction took',
    labels: [],
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    ofRound: ({ durationMs }) => durationMs / 1e3,
  },
  {
    prometheus: 'spillway_sampler_cpu_seconds_total',
    openTelemetry: 'spillway.sampler.cpu',
    kind: 'counter',
    unit: 's',
    help: 'CPU time of the sampler',
    labels: [],
    read: ({ statistics }) => one(statistics.sampler.cpuSeconds),
  },
  {
    prometheus: 'spillway_sample_failures_total',
    openTelemetry: 'spillway.sampler.failures',
    kind: 'counter',
    unit: '{failure}',
    help: 'Readings that failed',
    labels: ['source'],
    read: ({ statistics }) =>
      Object.entries(statistics.sampler.failures).map(([source, value]) => ({ labels: { source }, value })),
  },
  {
    prometheus: 'spillway_sampler_lateness_seconds',
    openTelemetry: 'spillway.sampler.lateness',
    kind: 'gauge',
    unit: 's',
    help: 'How late the last sample was',
    labels: [],
    read: ({ statistics }) => one(statistics.sampler.latenessSeconds),
  },
];

/** The metric of a Prometheus name, or undefined. */
export function metricNamed(prometheus: string): Metric | undefined {
  return METRICS.find((metric) => metric.prometheus === prometheus);
}

function one(value: number): MetricSample[] {
  return [{ labels: {}, value }];
}

type KnownResource = NonNullable<PressureState['resources'][string]>;

function perResource(state: PressureState, read: (resource: KnownResource) => number): MetricSample[] {
  return Object.entries(state.resources).flatMap(([resource, known]) =>
    known === null ? [] : [{ labels: { resource }, value: read(known) }],
  );
}

function perCache(statistics: PressureStatistics, read: (cache: CacheStatistics) => number): MetricSample[] {
  return statistics.caches.map((cache) => ({ labels: { cache: cache.name }, value: read(cache) }));
}

function perLevel(
  statistics: PressureStatistics,
  read: (totals: PressureStatistics['evictions']['normal']) => number,
): MetricSample[] {
  return LEVELS.map((level) => ({ labels: { level }, value: read(statistics.evictions[level]) }));
}
