import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EvictionReport } from '../core/eviction.js';
import { METRICS, type Observation, type ReadMetric, type RoundMetric } from '../core/metrics.js';
import type { ObservedPressure } from '../core/observed-pressure.js';
import { ObservationOfTheMoment } from './observation.js';

export { grafanaDashboard } from './grafana.js';
export { prometheusRules } from './prometheus-rules.js';

/**
 * Registers every metric of the catalog with a registry of `prom-client`, under the names of the catalog. Values are read when the
 * registry is scraped; between scrapes only rounds of eviction cost anything. To be called on the runtime's own thread.
 * @returns takes the registration back.
 * @throws Error of prom-client when a name is taken in the registry.
 */
export function registerPrometheus(pressure: ObservedPressure, registry: Registry): () => void {
  const moment = new ObservationOfTheMoment(pressure);
  const registered: string[] = [];
  const histograms: (() => void)[] = [];
  const unregister = () => {
    for (const stop of histograms) stop();
    for (const name of registered) registry.removeSingleMetric(name);
  };
  try {
    for (const metric of METRICS) {
      if (metric.kind === 'histogram') histograms.push(registerRounds(pressure, registry, metric));
      else if (metric.kind === 'gauge') registerGauge(registry, metric, () => moment.read());
      else registerCounter(registry, metric, () => moment.read());
      registered.push(metric.prometheus);
    }
  } catch (error) {
    unregister();
    throw error;
  }
  return unregister;
}

function registerGauge(registry: Registry, metric: ReadMetric, observe: () => Observation): void {
  new Gauge({
    name: metric.prometheus,
    help: metric.help,
    labelNames: [...metric.labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of metric.read(observe())) this.set(labels, value);
    },
  });
}

/** A counter of prom-client can only be raised; one whose truth lies elsewhere is set anew for each scrape. */
function registerCounter(registry: Registry, metric: ReadMetric, observe: () => Observation): void {
  new Counter({
    name: metric.prometheus,
    help: metric.help,
    labelNames: [...metric.labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of metric.read(observe())) this.inc(labels, value);
    },
  });
}

function registerRounds(pressure: ObservedPressure, registry: Registry, metric: RoundMetric): () => void {
  const histogram = new Histogram({
    name: metric.prometheus,
    help: metric.help,
    buckets: [...metric.bounds],
    registers: [registry],
  });
  const onRound = (report: EvictionReport) => histogram.observe(metric.ofRound(report));
  pressure.on('eviction', onRound);
  return () => pressure.off('eviction', onRound);
}
