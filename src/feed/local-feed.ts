import type { AlertChange } from '../core/alert-rules.js';
import type { EvictionReportWithSettlement } from '../core/eviction.js';
import type { ObservedPressure } from '../core/observed-pressure.js';
import type { PressureState } from '../core/state.js';
import type { Feed } from './feed.js';
import { FEED_VERSION, type FeedFrame } from './frames.js';
import { FeedRecord } from './record.js';

/** Statistics and standing alerts are told this often at most: people read them, charts do not. */
const STATISTICS_DISTANCE_MS = 1000;

/** A feed about the runtime of this process. Costs one object per sample while nobody listens. Runs on the runtime's thread. */
export class LocalFeed implements Feed {
  readonly #pressure: ObservedPressure;
  readonly #record = new FeedRecord();
  readonly #listeners = new Set<(frame: FeedFrame) => void>();
  #toldStatisticsAt = 0;
  #closed = false;

  /** @param title what the process is called for people; default: its script. */
  constructor(pressure: ObservedPressure, title = process.argv[1] ?? process.title) {
    this.#pressure = pressure;
    this.#record.apply({
      type: 'hello',
      version: FEED_VERSION,
      pid: process.pid,
      title,
      node: process.version,
      startedAt: Math.round(Date.now() - process.uptime() * 1e3),
      thresholds: pressure.thresholds,
    });
    this.#record.apply({ type: 'sample', state: pressure.state });
    pressure.on('sample', this.#onSample);
    pressure.on('eviction', this.#onEviction);
    pressure.on('alert', this.#onAlert);
  }

  subscribe(listener: (frame: FeedFrame) => void): () => void {
    if (this.#closed) return () => undefined;
    this.#applyStatistics();
    for (const frame of this.#record.opening()) listener(frame);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#pressure.off('sample', this.#onSample);
    this.#pressure.off('eviction', this.#onEviction);
    this.#pressure.off('alert', this.#onAlert);
  }

  readonly #onSample = (state: PressureState): void => {
    this.#tell({ type: 'sample', state });
    const nowMs = performance.now();
    if (this.#listeners.size === 0 || nowMs - this.#toldStatisticsAt < STATISTICS_DISTANCE_MS) return;
    this.#toldStatisticsAt = nowMs;
    for (const frame of this.#statisticsFrames()) this.#tell(frame);
  };

  readonly #onEviction = (report: EvictionReportWithSettlement): void => {
    this.#tell({ type: 'eviction', report });
    void report.settled.then((settled) => this.#tell({ type: 'eviction', report: settled }));
  };

  readonly #onAlert = (change: AlertChange): void => {
    this.#tell({ type: 'alert', change });
    this.#tell({ type: 'alerts', standings: this.#pressure.alerts });
  };

  #tell(frame: FeedFrame): void {
    if (this.#closed) return;
    this.#record.apply(frame);
    for (const listener of this.#listeners) listener(frame);
  }

  #applyStatistics(): void {
    for (const frame of this.#statisticsFrames()) this.#record.apply(frame);
  }

  #statisticsFrames(): FeedFrame[] {
    return [
      { type: 'statistics', statistics: this.#pressure.statistics() },
      { type: 'alerts', standings: this.#pressure.alerts },
    ];
  }
}
