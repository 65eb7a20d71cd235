import { metricNamed } from '../core/metrics.js';

/** An alert rule of Prometheus. `metrics`: the names of the catalog that `expr` uses, which a test checks. */
interface PrometheusRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'warning' | 'critical';
  readonly summary: string;
}

/** The name of a metric, or an error: a rule cannot outlive the metric that it is about. */
function metric(prometheus: string): string {
  const found = metricNamed(prometheus);
  if (found === undefined) throw new RangeError(`Expected a metric of the catalog, got \`${prometheus}\``);
  return found.prometheus;
}

const level = metric('spillway_pressure_level');
const used = metric('spillway_used_bytes');
const limit = metric('spillway_limit_bytes');
const growth = metric('spillway_growth_bytes_per_second');
const degraded = metric('spillway_degraded');
const evicted = metric('spillway_evicted_bytes_total');
const returned = metric('spillway_returned_bytes_total');
const misses = metric('spillway_cache_misses_total');
const hits = metric('spillway_cache_hits_total');
const regrets = metric('spillway_cache_regrets_total');

const RULES: readonly PrometheusRule[] = [
  {
    alert: 'SpillwayMemoryWarning',
    expr: `${level} >= 1`,
    for: '5m',
    severity: 'warning',
    summary: 'Memory pressure of {{ $labels.instance }} has been at warning or worse for five minutes',
  },
  {
    alert: 'SpillwayMemoryCritical',
    expr: `${level} >= 2`,
    for: '1m',
    severity: 'critical',
    summary: 'Memory pressure of {{ $labels.instance }} has been at critical or worse for a minute',
  },
  {
    // The highest value of the window, so that a moment between two scrapes of a calm process still counts.
    alert: 'SpillwayMemoryEmergency',
    expr: `max_over_time(${level}[5m]) >= 3`,
    for: '0m',
    severity: 'critical',
    summary: '{{ $labels.instance }} was close to being killed for its memory',
  },
  {
    alert: 'SpillwayRunawayGrowth',
    expr: `min by (instance, job) (${limit} - ${used}) / on (instance, job) (${growth} > 0) < 60`,
    for: '15s',
    severity: 'critical',
    summary: 'At its present growth {{ $labels.instance }} runs out of memory in {{ $value }} seconds',
  },
  {
    alert: 'SpillwayEvictionFutile',
    expr: `sum by (instance, job) (increase(${returned}[10m])) < 0.25 * (sum by (instance, job) (increase(${evicted}[10m])) > 0)`,
    for: '5m',
    severity: 'critical',
    summary: 'What the caches of {{ $labels.instance }} give up does not come back: the growth is elsewhere',
  },
  {
    alert: 'SpillwayCacheThrash',
    expr: `increase(${regrets}[5m]) > 0.25 * (increase(${misses}[5m]) > 100)`,
    for: '5m',
    severity: 'warning',
    summary: 'Cache {{ $labels.cache }} of {{ $labels.instance }} is asked for what pressure has just evicted',
  },
  {
    alert: 'SpillwayCacheUseless',
    expr: `increase(${hits}[30m]) < 0.01 * (increase(${misses}[30m]) > 1000)`,
    for: '30m',
    severity: 'warning',
    summary: 'Cache {{ $labels.cache }} of {{ $labels.instance }} hardly ever finds anything',
  },
  {
    alert: 'SpillwayDegraded',
    expr: `${degraded} == 1`,
    for: '1m',
    severity: 'critical',
    summary: 'The memory of {{ $labels.instance }} is not being watched as it should be',
  },
];

/** Alert rules for Prometheus, as YAML. Pure. */
export function prometheusRules(): string {
  const rules = RULES.map((rule) =>
    [
      `      - alert: ${rule.alert}`,
      `        expr: ${JSON.stringify(rule.expr)}`,
      `        for: ${rule.for}`,
      '        labels:',
      `          severity: ${rule.severity}`,
      '        annotations:',
      `          summary: ${JSON.stringify(rule.summary)}`,
    ].join('\n'),
  );
  return `groups:\n  - name: spillway\n    rules:\n${rules.join('\n')}\n`;
}
