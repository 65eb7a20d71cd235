import type { AlertChange, AlertStanding } from './alert-rules.js';
import type { Thresholds } from './classifier.js';
import type { EvictionReportWithSettlement } from './eviction.js';
import type { ResourceName } from './resource.js';
import type { HealthChange, LevelChange, PressureState } from './state.js';
import type { PressureStatistics } from './statistics.js';

/** Adds or takes back a listener of one event. */
export interface Listening {
  (event: 'level', listener: (change: LevelChange) => void): unknown;
  (event: 'sample', listener: (state: PressureState) => void): unknown;
  (event: 'eviction', listener: (report: EvictionReportWithSettlement) => void): unknown;
  (event: 'alert', listener: (change: AlertChange) => void): unknown;
  (event: 'health', listener: (change: HealthChange) => void): unknown;
}

/**
 * What metrics, the live page, the terminal and the inspection socket know of a runtime: nothing that changes it. Every runtime
 * is one; so is anything else that can answer.
 */
export interface ObservedPressure {
  readonly state: PressureState;
  /** Per resource; null: switched off. */
  readonly thresholds: Readonly<Record<ResourceName, Thresholds | null>>;
  /** Alerts that are pending or firing. */
  readonly alerts: readonly AlertStanding[];
  statistics(): PressureStatistics;
  readonly on: Listening;
  readonly off: Listening;
}
