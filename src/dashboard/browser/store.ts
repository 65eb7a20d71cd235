import type { AlertChange, AlertStanding } from '../../core/alert-rules.js';
import type { EvictionReport } from '../../core/eviction.js';
import type { PressureState } from '../../core/state.js';
import type { PressureStatistics } from '../../core/statistics.js';
import { FEED_VERSION, type FeedFrame, type FeedHello, type HistoryPoint, historyPoint } from '../../feed/frames.js';

/** An hour at the pace of the server's history, and some minutes at the pace of the stream. */
const MOST_POINTS = 4000;
const MOST_EVICTIONS = 50;
const MOST_ALERTS = 50;

/** What the page knows. Frames come in, views read. */
export class Store {
  hello: FeedHello | null = null;
  state: PressureState | null = null;
  statistics: PressureStatistics | null = null;
  standings: readonly AlertStanding[] = [];
  points: HistoryPoint[] = [];
  alerts: AlertChange[] = [];
  /** Oldest first. */
  evictions: EvictionReport[] = [];

  /** A stream begins with all that is known: what an earlier one said is dropped. @returns false for a version not known. */
  apply(frame: FeedFrame): boolean {
    switch (frame.type) {
      case 'hello':
        if (frame.version !== FEED_VERSION) return false;
        this.hello = frame;
        this.alerts = [];
        this.evictions = [];
        return true;
      case 'history':
        this.points = [...frame.points];
        return true;
      case 'sample':
        this.state = frame.state;
        if (this.points.at(-1)?.at !== frame.state.sampledAt) this.points.push(historyPoint(frame.state));
        if (this.points.length > MOST_POINTS) this.points.shift();
        return true;
      case 'eviction':
        this.evictions = [...this.evictions.filter(({ id }) => id !== frame.report.id), frame.report]
          .sort((a, b) => a.id - b.id)
          .slice(-MOST_EVICTIONS);
        return true;
      case 'alert':
        this.alerts = [...this.alerts, frame.change].slice(-MOST_ALERTS);
        return true;
      case 'alerts':
        this.standings = frame.standings;
        return true;
      case 'statistics':
        this.statistics = frame.statistics;
        return true;
    }
  }
}
