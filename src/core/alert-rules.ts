import { PeakWindow } from './peak-window.js';
import { formatBytes, formatRatio } from './units.js';

export type AlertSeverity = 'warning' | 'critical' | 'emergency';

/** One rule, as data: it can be written in a file, sent to another thread, and shown to people. */
export interface AlertRule {
  /** Unique among the rules. */
  readonly name: string;
  /**
   * What is watched: a path such as `resources.system.ratio` or `caches.*.last5m.hitRate` (`*`: each one is an alert of its
   * own), or the Prometheus name of a metric (each combination of labels is an alert of its own).
   */
  readonly watch: string;
  readonly comparison: '>=' | '<=';
  readonly threshold: number;
  /** Once firing, the rule holds until the value is past this one, on the good side; default: the threshold. */
  readonly release?: number;
  /** The comparison must hold this long, at every evaluation, before the alert fires. */
  readonly forMs: number;
  /** Judge by the highest value of the last so many ms: a short peak inside a long calm then counts (one under 0.1 s where it changes a level); default: the latest value. */
  readonly peakMs?: number;
  /** After it resolved the alert does not fire again for this long. */
  readonly cooldownMs: number;
  readonly severity: AlertSeverity;
  /** How values are written for people; default `number`. */
  readonly unit?: 'ratio' | 'bytes' | 'seconds' | 'number';
  /** One sentence; `{subject}`, `{value}` and `{threshold}` are filled in. */
  readonly message: string;
}

/** Payload of the `alert` event: one transition. */
export interface AlertChange {
  readonly rule: string;
  /** What stood for `*`, or the labels of the metric; empty where the rule watches one value. */
  readonly subject: string;
  readonly status: 'firing' | 'resolved';
  readonly severity: AlertSeverity;
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
  /** Epoch ms. */
  readonly at: number;
}

/** An alert that is not quiet. */
export interface AlertStanding extends Omit<AlertChange, 'status' | 'at'> {
  readonly status: 'pending' | 'firing';
  /** Milliseconds since the comparison began to hold. */
  readonly heldMs: number;
}

/** A watched value; null: known to exist, but no value now. */
export interface WatchedValue {
  readonly subject: string;
  readonly value: number | null;
}

/** Finds the values that a rule watches, as of one moment. A subject that is missing is gone. */
export type ReadWatched = (watch: string) => readonly WatchedValue[];

interface Alert {
  readonly subject: string;
  readonly peak: PeakWindow | null;
  status: 'quiet' | 'pending' | 'firing';
  sinceMs: number;
  /** Monotonic ms before which the cooldown forbids firing. */
  notBeforeMs: number;
  /** The last value that is a number people can read: not growing at all is an infinite time to the limit. */
  value: number;
}

/** Most subjects that one rule follows; more are left out, so that no label can make memory grow without bound. */
const MOST_SUBJECTS = 512;

/**
 * Judges rules and remembers how each stands: quiet, pending (holds, but not for long enough) or firing. Each transition is told
 * once. A value that is unknown changes nothing, so that a failing source never resolves an alert; a subject that is gone
 * resolves its own. Pure but for its own memory; every time is an argument.
 */
export class AlertBook {
  readonly #rules: readonly { readonly rule: AlertRule; readonly alerts: Map<string, Alert> }[];

  constructor(rules: readonly AlertRule[]) {
    this.#rules = rules.map((rule) => ({ rule, alerts: new Map() }));
  }

  /**
   * @param nowMs monotonic.
   * @param at epoch ms, for the payloads.
   * @returns the transitions since the evaluation before, in the order of the rules.
   */
  evaluate(read: ReadWatched, nowMs: number, at: number): AlertChange[] {
    const changes: AlertChange[] = [];
    for (const { rule, alerts } of this.#rules) {
      const gone = new Set(alerts.keys());
      for (const { subject, value } of read(rule.watch)) {
        gone.delete(subject);
        const alert = alerts.get(subject) ?? this.#open(rule, alerts, subject);
        if (value === null || alert === null) continue;
        const status = step(rule, alert, value, nowMs);
        if (status !== null) changes.push(describe(rule, alert, status, at));
      }
      for (const subject of gone) {
        const alert = alerts.get(subject);
        alerts.delete(subject);
        if (alert?.status === 'firing') changes.push(describe(rule, alert, 'resolved', at));
      }
    }
    return changes;
  }

  /** The alerts that are pending or firing, in the order of the rules. */
  standings(nowMs: number): AlertStanding[] {
    return this.#rules.flatMap(({ rule, alerts }) =>
      [...alerts.values()].flatMap((alert) => {
        const { status } = alert;
        if (status === 'quiet') return [];
        const { at: _, ...facts } = describe(rule, alert, 'firing', 0);
        return [{ ...facts, status, heldMs: nowMs - alert.sinceMs }];
      }),
    );
  }

  #open(rule: AlertRule, alerts: Map<string, Alert>, subject: string): Alert | null {
    if (alerts.size >= MOST_SUBJECTS) return null;
    const peak = rule.peakMs === undefined ? null : new PeakWindow(rule.peakMs);
    const alert: Alert = {
      subject,
      peak,
      status: 'quiet',
      sinceMs: 0,
      notBeforeMs: Number.NEGATIVE_INFINITY,
      value: 0,
    };
    alerts.set(subject, alert);
    return alert;
  }
}

/** Moves an alert on. @returns the transition to tell, or null. */
function step(rule: AlertRule, alert: Alert, value: number, nowMs: number): AlertChange['status'] | null {
  const judged = alert.peak?.observe(nowMs, value) ?? value;
  if (Number.isFinite(judged)) alert.value = judged;
  if (alert.status === 'firing') {
    if (holds(rule, judged, rule.release ?? rule.threshold)) return null;
    alert.status = 'quiet';
    alert.notBeforeMs = nowMs + rule.cooldownMs;
    return 'resolved';
  }
  if (!holds(rule, judged, rule.threshold)) {
    alert.status = 'quiet';
    return null;
  }
  if (alert.status === 'quiet') {
    alert.status = 'pending';
    alert.sinceMs = nowMs;
  }
  if (nowMs - alert.sinceMs < rule.forMs || nowMs < alert.notBeforeMs) return null;
  alert.status = 'firing';
  return 'firing';
}

function holds(rule: AlertRule, value: number, bound: number): boolean {
  return rule.comparison === '>=' ? value >= bound : value <= bound;
}

function describe(rule: AlertRule, alert: Alert, status: AlertChange['status'], at: number): AlertChange {
  const { name, severity, threshold } = rule;
  const { subject, value } = alert;
  const message = rule.message
    .replaceAll('{subject}', subject)
    .replaceAll('{value}', write(rule, value))
    .replaceAll('{threshold}', write(rule, threshold));
  return { rule: name, subject, status, severity, value, threshold, message, at };
}

function write({ unit }: AlertRule, value: number): string {
  if (unit === 'ratio') return formatRatio(value);
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'seconds') return `${value.toFixed(1)} s`;
  return String(value);
}
