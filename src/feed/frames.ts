import type { AlertChange, AlertStanding } from '../core/alert-rules.js';
import type { Thresholds } from '../core/classifier.js';
import type { EvictionReport } from '../core/eviction.js';
import type { Level } from '../core/level.js';
import type { PressureState } from '../core/state.js';
import type { PressureStatistics } from '../core/statistics.js';

/** Changes whenever a frame changes its meaning; a reader refuses a version that it does not know. */
export const FEED_VERSION = 1;

/** Who is speaking. */
export interface FeedHello {
  readonly type: 'hello';
  readonly version: number;
  readonly pid: number;
  /** The script or program, for people. */
  readonly title: string;
  readonly node: string;
  /** Epoch ms of the start of the process. */
  readonly startedAt: number;
  /** Per resource; null: switched off. */
  readonly thresholds: Readonly<Record<string, Thresholds | null>>;
}

/** One moment of the past, small enough to keep hundreds of. */
export interface HistoryPoint {
  /** Epoch ms. */
  readonly at: number;
  readonly level: Level;
  readonly resources: Readonly<Record<string, { readonly usedBytes: number; readonly limitBytes: number }>>;
  readonly caches: Readonly<Record<string, number>>;
}

/** What a feed says, one after another: a hello, then what is kept of the past, then what happens. */
export type FeedFrame =
  | FeedHello
  | { readonly type: 'history'; readonly points: readonly HistoryPoint[] }
  | { readonly type: 'sample'; readonly state: PressureState }
  /** A round, again when it has settled; the later one replaces the earlier one with the same id. */
  | { readonly type: 'eviction'; readonly report: EvictionReport }
  | { readonly type: 'alert'; readonly change: AlertChange }
  | { readonly type: 'alerts'; readonly standings: readonly AlertStanding[] }
  | { readonly type: 'statistics'; readonly statistics: PressureStatistics };

const FRAME_TYPES: readonly string[] = ['hello', 'history', 'sample', 'eviction', 'alert', 'alerts', 'statistics'];

/** Reads a frame off the wire. @returns null when it is not one; fields are trusted once the type is known. */
export function parseFrame(text: string): FeedFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // not JSON: not a frame
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  return FRAME_TYPES.includes(String(value.type)) ? (value as FeedFrame) : null;
}

/** The moment of a state, as history keeps it. Pure. */
export function historyPoint(state: PressureState): HistoryPoint {
  const known = Object.entries(state.resources).flatMap(([name, resource]) =>
    resource === null ? [] : [[name, { usedBytes: resource.usedBytes, limitBytes: resource.limitBytes }] as const],
  );
  return { at: state.sampledAt, level: state.level, resources: Object.fromEntries(known), caches: state.caches.byName };
}
