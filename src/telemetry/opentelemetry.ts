import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { EvictionReport } from '../core/eviction.js';
import { METRICS, type ReadMetric, type RoundMetric } from '../core/metrics.js';
import type { ObservedPressure } from '../core/observed-pressure.js';

/**
 * Registers every metric of the catalog with a meter of OpenTelemetry, under the names of the catalog. Values are read, all in
 * one moment, when the meter's provider collects. To be called on the runtime's own thread.
 * @returns takes the registration back: nothing is observed or recorded any more. The API has no way to remove an instrument.
 */
export function registerOpenTelemetry(pressure: ObservedPressure, meter: Meter): () => void {
  const observed = METRICS.filter((metric) => metric.kind !== 'histogram').map((metric) => ({
    metric,
    instrument: createObservable(meter, metric),
  }));
  const observe: BatchObservableCallback = (result) => {
    const observation = { state: pressure.state, statistics: pressure.statistics() };
    for (const { metric, instrument } of observed) {
      for (const { labels, value } of metric.read(observation)) result.observe(instrument, value, labels);
    }
  };
  const instruments = observed.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, instruments);
  const histograms = METRICS.filter((metric) => metric.kind === 'histogram').map((metric) =>
    recordRounds(pressure, meter, metric),
  );
  return () => {
    meter.removeBatchObservableCallback(observe, instruments);
    for (const stop of histograms) stop();
  };
}

function createObservable(meter: Meter, { openTelemetry, kind, help, unit }: ReadMetric): Observable {
  const options = { description: help, unit };
  return kind === 'gauge'
    ? meter.createObservableGauge(openTelemetry, options)
    : meter.createObservableCounter(openTelemetry, options);
}

function recordRounds(pressure: ObservedPressure, meter: Meter, metric: RoundMetric): () => void {
  const histogram = meter.createHistogram(metric.openTelemetry, {
    description: metric.help,
    unit: metric.unit,
    advice: { explicitBucketBoundaries: [...metric.bounds] },
  });
  const onRound = (report: EvictionReport) => histogram.record(metric.ofRound(report));
  pressure.on('eviction', onRound);
  return () => pressure.off('eviction', onRound);
}
