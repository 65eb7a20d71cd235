import type { AlertChange, AlertStanding } from '../core/alert-rules.js';
import type { EvictionReport } from '../core/eviction.js';
import type { PressureState } from '../core/state.js';
import type { PressureStatistics } from '../core/statistics.js';
import { FEED_VERSION, type FeedFrame, type FeedHello, type HistoryPoint, historyPoint } from './frames.js';

/** An hour at the pace of the kept history, and some minutes at the pace of the stream. */
const MOST_POINTS = 4000;
const MOST_EVICTIONS = 50;
const MOST_ALERTS = 50;

/** What a view knows of a process. Frames come in, views read. Pure; runs in the browser as well as in Node. */
export class FeedStore {
  hello: FeedHello | null = null;
  state: PressureState | null = null;
  statistics: PressureStatistics | null = null;
  standings: readonly AlertStanding[] = [];
  points: HistoryPoint[] = [];
  /** Oldest first. */
  alerts: readonly AlertChange[] = [];
  /** Oldest first. */
  evictions: readonly EvictionReport[] = [];

  /** A stream begins with all that is known: what an earlier one said is dropped. @returns false for a version not known. */
  apply(frame: FeedFrame): boolean {
    switch (frame.type) {
      case 'hello':
        if (frame.version !== FEED_VERSION) return false;
        this.hello = frame;
        this.alerts = [];
        this.evictions = [];
        break;
      case 'history':
        this.points = [...frame.points];
        break;
      case 'sample':
        this.#addSample(frame.state);
        break;
      case 'eviction':
        this.evictions = [...this.evictions.filter(({ id }) => id !== frame.report.id), frame.report]
          .sort((a, b) => a.id - b.id)
          .slice(-MOST_EVICTIONS);
        break;
      case 'alert':
        this.alerts = [...this.alerts, frame.change].slice(-MOST_ALERTS);
        break;
      case 'alerts':
        this.standings = frame.standings;
        break;
      case 'statistics':
        this.statistics = frame.statistics;
        break;
    }
    return true;
  }

  #addSample(state: PressureState): void {
    this.state = state;
    if (this.points.at(-1)?.at !== state.sampledAt) this.points.push(historyPoint(state));
    if (this.points.length > MOST_POINTS) this.points.shift();
  }
}
