import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '#src/core/metrics.js';
import { metricTable } from '../support/metric-table.js';

const README = 'README.md';

describe('the catalog of metrics', () => {
  it('names each metric once, by the conventions of both worlds', () => {
    for (const { prometheus, openTelemetry, kind } of METRICS) {
      expect(prometheus).toMatch(/^spillway_[a-z_]+$/);
      expect(openTelemetry).toMatch(/^spillway(\.[a-z_]+)+$/);
      expect(prometheus.endsWith('_total'), prometheus).toBe(kind === 'counter');
    }
    expect(new Set(METRICS.map(({ prometheus }) => prometheus)).size).toBe(METRICS.length);
    expect(new Set(METRICS.map(({ openTelemetry }) => openTelemetry)).size).toBe(METRICS.length);
  });

  it.each([
    'spillway_pressure_level',
    'spillway_pressure_ratio',
    'spillway_used_bytes',
    'spillway_limit_bytes',
    'spillway_headroom_bytes',
    'spillway_level_seconds_total',
    'spillway_cache_bytes',
    'spillway_cache_hits_total',
    'spillway_cache_misses_total',
    'spillway_cache_evictions_total',
    'spillway_cache_regrets_total',
    'spillway_evictions_total',
    'spillway_evicted_bytes_total',
    'spillway_returned_bytes_total',
    'spillway_eviction_duration_seconds',
    'spillway_sampler_cpu_seconds_total',
    'spillway_sample_failures_total',
    'spillway_sampler_lateness_seconds',
  ])('keeps the promised name %s', (name) => {
    expect(METRICS.map(({ prometheus }) => prometheus)).toContain(name);
  });

  const hasTable = existsSync(README) && readFileSync(README, 'utf8').includes('| Prometheus | OpenTelemetry |');
  it.skipIf(!hasTable)('is the table in the README (once the README has one)', () => {
    expect(readFileSync(README, 'utf8')).toContain(metricTable());
  });
});
