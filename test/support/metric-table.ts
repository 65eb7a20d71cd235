import { METRICS } from '#src/core/metrics.js';

/** The table of metrics as the README shows it, made from the catalog. */
export function metricTable(): string {
  const rows = METRICS.map(({ prometheus, openTelemetry, kind, unit, labels, help }) =>
    [`\`${prometheus}\``, `\`${openTelemetry}\``, kind, unit, labels.join(', '), help].join(' | '),
  );
  return [
    'Prometheus | OpenTelemetry | kind | unit | labels | what it tells',
    '--- | --- | --- | --- | --- | ---',
    ...rows,
  ]
    .map((row) => `| ${row} |`)
    .join('\n');
}
