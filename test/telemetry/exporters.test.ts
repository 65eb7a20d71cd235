import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { METRICS } from '#src/core/metrics.js';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { registerOpenTelemetry } from '#src/telemetry/opentelemetry.js';
import { registerPrometheus } from '#src/telemetry/prometheus.js';
import { inject } from '#src/testing.js';

let pressure: PressureRuntime;
const LIMIT_BYTES = 2 ** 30;

beforeEach(async () => {
  pressure = await startPressureRuntime({ autoEviction: false, updateIntervalMs: 60_000 });
  const cache = new Map<string, Buffer>();
  pressure.register(cache, { name: 'frame "quoted"\\' });
  cache.set('a', Buffer.alloc(1000));
  cache.get('a');
  cache.get('b');
});
afterEach(() => pressure.stop());

/** One value by name and labels. */
type Values = Map<string, number>;
const key = (name: string, labels: object) => `${name}${JSON.stringify(Object.entries(labels).sort())}`;

/** What the catalog says in this moment, without the time that passes while it is asked. */
function expected(name: 'prometheus' | 'openTelemetry'): Values {
  const observation = { state: pressure.state, statistics: pressure.statistics() };
  const values: Values = new Map();
  for (const metric of METRICS) {
    if (metric.kind === 'histogram' || metric.unit === 's') continue;
    for (const { labels, value } of metric.read(observation)) values.set(key(metric[name], labels), value);
  }
  return values;
}

async function changeSomething(): Promise<void> {
  await inject(pressure, { resource: 'container', usedBytes: 0.85 * LIMIT_BYTES, limitBytes: LIMIT_BYTES });
  await (await pressure.evict(500)).settled;
}

describe('registerPrometheus', () => {
  async function scrape(registry: Registry): Promise<Values> {
    const values: Values = new Map();
    for (const { name, values: samples } of await registry.getMetricsAsJSON()) {
      for (const { labels, value } of samples) values.set(key(name, labels), value);
    }
    return values;
  }

  it('shows the same numbers as the state of the same moment', async () => {
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    await changeSomething();
    const scraped = await scrape(registry);
    for (const [name, value] of expected('prometheus')) expect(scraped.get(name), name).toBe(value);
    const { container } = pressure.state.resources;
    expect(scraped.get(key('spillway_used_bytes', { resource: 'container' }))).toBe(container?.usedBytes);
    expect(scraped.get(key('spillway_pressure_level', {}))).toBe(2);
  });

  it('registers every name of the catalog, with its type and help', async () => {
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    const text = await registry.metrics();
    for (const { prometheus, kind, help } of METRICS) {
      expect(text).toContain(`# HELP ${prometheus} ${help}\n# TYPE ${prometheus} ${kind}\n`);
    }
  });

  it('counts on from scrape to scrape, and forgets caches and resources that are gone', async () => {
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    const container = key('spillway_pressure_ratio', { resource: 'container' });
    const rounds = key('spillway_evictions_total', { level: 'critical' });
    await changeSomething();
    expect((await scrape(registry)).get(rounds)).toBe(1);
    expect((await scrape(registry)).get(rounds)).toBe(1);
    expect((await scrape(registry)).has(container)).toBe(true);
  });

  it('measures rounds of eviction', async () => {
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    await changeSomething();
    expect(await registry.metrics()).toContain('spillway_eviction_duration_seconds_count 1\n');
  });

  it('is taken back as a whole', async () => {
    const registry = new Registry();
    const unregister = registerPrometheus(pressure, registry);
    unregister();
    expect(await registry.metrics()).toBe('\n');
    registerPrometheus(pressure, registry)();
  });

  it('leaves nothing behind when a name is taken', async () => {
    const registry = new Registry();
    const unregister = registerPrometheus(pressure, registry);
    expect(() => registerPrometheus(pressure, registry)).toThrow(/already been registered/);
    unregister();
    expect(await registry.metrics()).toBe('\n');
  });
});

describe('registerOpenTelemetry', () => {
  let exporter: InMemoryMetricExporter;
  let provider: MeterProvider;

  beforeEach(() => {
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })],
    });
  });
  afterEach(() => provider.shutdown());

  async function collect(): Promise<MetricData[]> {
    exporter.reset();
    await provider.forceFlush();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  it('shows the same numbers as the state of the same moment', async () => {
    registerOpenTelemetry(pressure, provider.getMeter('spillway'));
    await changeSomething();
    const collected: Values = new Map();
    for (const { descriptor, dataPointType, dataPoints } of await collect()) {
      if (dataPointType === DataPointType.HISTOGRAM || dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM) continue;
      for (const { attributes, value } of dataPoints) collected.set(key(descriptor.name, attributes), value);
    }
    for (const [name, value] of expected('openTelemetry')) expect(collected.get(name), name).toBe(value);
  });

  it('gives every instrument the unit and the words of the catalog', async () => {
    registerOpenTelemetry(pressure, provider.getMeter('spillway'));
    await changeSomething();
    const descriptors = new Map((await collect()).map(({ descriptor }) => [descriptor.name, descriptor]));
    for (const { openTelemetry, unit, help } of METRICS) {
      expect(descriptors.get(openTelemetry), openTelemetry).toMatchObject({ unit, description: help });
    }
  });

  it('records rounds of eviction, until it is taken back', async () => {
    const unregister = registerOpenTelemetry(pressure, provider.getMeter('spillway'));
    await changeSomething();
    const rounds = (data: MetricData[]) =>
      data.find(({ descriptor }) => descriptor.name === 'spillway.eviction.duration')?.dataPoints[0]?.value;
    expect(rounds(await collect())).toMatchObject({ count: 1 });
    unregister();
    await pressure.evict(1);
    await inject(pressure, null);
    const after = await collect();
    expect(rounds(after)).toMatchObject({ count: 1 });
    // The SDK goes on to export the last value that it was told.
    const level = after.find(({ descriptor }) => descriptor.name === 'spillway.pressure.level');
    expect(level?.dataPoints.map(({ value }) => value)).toEqual([2]);
  });
});
