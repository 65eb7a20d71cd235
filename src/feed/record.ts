import type { AlertChange } from '../core/alert-rules.js';
import type { EvictionReport } from '../core/eviction.js';
import { type FeedFrame, type HistoryPoint, historyPoint } from './frames.js';

/** Points kept: at the calm cadence of 5 s an hour, at the shortest distance three minutes. */
const MOST_POINTS = 720;
/** Points closer than this become one: the worse of the two, so that a peak is never thinned out. */
const POINT_DISTANCE_MS = 250;
const MOST_EVICTIONS = 50;
const MOST_ALERTS = 50;

/** What is kept of a feed, so that a page that is opened late still sees the past. Bounded; pure but for its own memory. */
export class FeedRecord {
  #hello: FeedFrame | null = null;
  #latest: FeedFrame | null = null;
  #statistics: FeedFrame | null = null;
  #standings: FeedFrame | null = null;
  #points: HistoryPoint[] = [];
  readonly #evictions = new Map<number, EvictionReport>();
  readonly #alerts: AlertChange[] = [];

  apply(frame: FeedFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#hello = frame;
        break;
      case 'history':
        this.#points = [...frame.points].slice(-MOST_POINTS);
        break;
      case 'sample':
        this.#latest = frame;
        this.#addPoint(historyPoint(frame.state));
        break;
      case 'eviction':
        this.#addEviction(frame.report);
        break;
      case 'alert':
        this.#alerts.push(frame.change);
        if (this.#alerts.length > MOST_ALERTS) this.#alerts.shift();
        break;
      case 'alerts':
        this.#standings = frame;
        break;
      case 'statistics':
        this.#statistics = frame;
        break;
    }
  }

  /** What a newcomer is told first. */
  opening(): FeedFrame[] {
    return [
      this.#hello,
      { type: 'history', points: this.#points } as const,
      ...[...this.#evictions.values()].map((report) => ({ type: 'eviction', report }) as const),
      ...this.#alerts.map((change) => ({ type: 'alert', change }) as const),
      this.#standings,
      this.#statistics,
      this.#latest,
    ].filter((frame) => frame !== null);
  }

  #addPoint(point: HistoryPoint): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.at - last.at < POINT_DISTANCE_MS) {
      if (worstRatio(point) > worstRatio(last)) this.#points[this.#points.length - 1] = { ...point, at: last.at };
      return;
    }
    this.#points.push(point);
    if (this.#points.length > MOST_POINTS) this.#points.shift();
  }

  #addEviction(report: EvictionReport): void {
    this.#evictions.set(report.id, report);
    const [oldest] = this.#evictions.keys();
    if (this.#evictions.size > MOST_EVICTIONS && oldest !== undefined) this.#evictions.delete(oldest);
  }
}

function worstRatio(point: HistoryPoint): number {
  return Math.max(0, ...Object.values(point.resources).map(({ usedBytes, limitBytes }) => usedBytes / limitBytes));
}
