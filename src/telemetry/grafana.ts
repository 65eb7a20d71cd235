import { METRICS, type Metric } from '../core/metrics.js';

const PANEL = { width: 12, height: 8, perRow: 2 };

/** Units as Grafana names them. */
const UNITS: Partial<Record<Metric['unit'], string>> = { By: 'bytes', 'By/s': 'Bps', s: 's', '1': 'percentunit' };

/** What Prometheus is asked for a metric: gauges as they are, counters per second, durations by quantile. Pure. */
export function expressionOf(metric: Metric): string {
  const selector = `${metric.prometheus}{job=~"$job"}`;
  if (metric.kind === 'gauge') return selector;
  if (metric.kind === 'counter') return `rate(${selector}[$__rate_interval])`;
  return `histogram_quantile(0.95, sum by (le) (rate(${metric.prometheus}_bucket{job=~"$job"}[$__rate_interval])))`;
}

/** A dashboard for Grafana (schema 39) with a panel for every metric of the catalog. Pure; `JSON.stringify` it. */
export function grafanaDashboard(): object {
  return {
    title: 'spillway',
    uid: 'spillway',
    schemaVersion: 39,
    tags: ['memory', 'nodejs'],
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    templating: {
      list: [
        { name: 'source', label: 'Data source', type: 'datasource', query: 'prometheus' },
        {
          name: 'job',
          label: 'Job',
          type: 'query',
          datasource: { type: 'prometheus', uid: '$source' },
          query: `label_values(${METRICS[0]?.prometheus}, job)`,
          includeAll: true,
          multi: true,
          allValue: '.*',
        },
      ],
    },
    panels: METRICS.map(panelOf),
  };
}

function panelOf(metric: Metric, index: number): object {
  const labels = metric.labels.map((label) => `{{${label}}}`).join(' ');
  const unit = metric.kind === 'counter' && metric.unit === 'By' ? 'Bps' : (UNITS[metric.unit] ?? 'short');
  return {
    id: index + 1,
    type: 'timeseries',
    title: metric.kind === 'counter' ? `${metric.help}, per second` : metric.help,
    description: metric.prometheus,
    datasource: { type: 'prometheus', uid: '$source' },
    gridPos: {
      x: (index % PANEL.perRow) * PANEL.width,
      y: Math.floor(index / PANEL.perRow) * PANEL.height,
      w: PANEL.width,
      h: PANEL.height,
    },
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: [{ refId: 'A', expr: expressionOf(metric), legendFormat: `{{instance}} ${labels}`.trim() }],
  };
}
