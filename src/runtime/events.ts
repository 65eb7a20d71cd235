import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'eventemitter3';
import type { AlertChange } from '../core/alert-rules.js';
import { type ErrorCode, SpillwayError } from '../core/errors.js';
import type { EvictionReportWithSettlement } from '../core/eviction.js';
import type { HealthChange, LevelChange, PressureState } from '../core/state.js';

/** What a runtime tells. A listener that throws is reported as an `error`; the others still run. */
export interface PressureEvents {
  /** Once per transition. */
  level: [change: LevelChange];
  /** With every sample; costs a message per sample while somebody listens. */
  sample: [state: PressureState];
  /** When a round of eviction has ended; `report.settled` gives the measured outcome. */
  eviction: [report: EvictionReportWithSettlement];
  /** Once when an alert fires and once when it resolves. */
  alert: [change: AlertChange];
  health: [change: HealthChange];
  /** What could not be thrown at a caller; unheard, it becomes one process warning per code. */
  error: [error: SpillwayError];
}

export type PressureEvent = keyof PressureEvents;
export type PressureListener<E extends PressureEvent> = (...payload: PressureEvents[E]) => void;

const EVENTS = ['level', 'sample', 'eviction', 'alert', 'health', 'error'] as const satisfies readonly PressureEvent[];

/** Delivers events to listeners and to the diagnostics channels `spillway:<event>`. One per runtime and thread. */
export class PressureEmitter {
  readonly #emitter = new EventEmitter<Record<PressureEvent, unknown[]>>();
  /** The guarded form under which a listener was added, by event and listener. */
  readonly #guarded = new Map<PressureEvent, Map<unknown, (...payload: unknown[]) => void>>();
  readonly #channels: Readonly<Record<PressureEvent, Channel>>;
  readonly #warned = new Set<ErrorCode>();

  constructor() {
    const channels = Object.fromEntries(EVENTS.map((event) => [event, channel(`spillway:${event}`)]));
    this.#channels = channels as Record<PressureEvent, Channel>;
  }

  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    const guarded = this.#guard(event, listener);
    this.#emitter.on(event, guarded);
  }

  once<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    const guarded = this.#guard(event, listener);
    this.#emitter.once(event, (...payload) => {
      this.#guarded.get(event)?.delete(listener);
      guarded(...payload);
    });
  }

  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    const guarded = this.#guarded.get(event)?.get(listener);
    if (guarded === undefined) return;
    this.#emitter.off(event, guarded);
    this.#guarded.get(event)?.delete(listener);
  }

  /** Whether anybody would notice the event: a listener or a subscriber of its channel. */
  isHeard(event: PressureEvent): boolean {
    return this.#emitter.listenerCount(event) > 0 || this.#channels[event].hasSubscribers;
  }

  emit<E extends PressureEvent>(event: E, ...payload: PressureEvents[E]): void {
    this.#emitter.emit(event, ...payload);
    if (this.#channels[event].hasSubscribers) this.#channels[event].publish(payload[0]);
  }

  /** Reports what could not be thrown at a caller. */
  report(error: SpillwayError): void {
    if (this.#emitter.listenerCount('error') === 0 && !this.#warned.has(error.code)) {
      this.#warned.add(error.code);
      process.emitWarning(error.message, { type: 'SpillwayWarning', code: error.code.replace('ERR_', '') });
    }
    this.emit('error', error);
  }

  removeAll(): void {
    this.#emitter.removeAllListeners();
    this.#guarded.clear();
  }

  #guard<E extends PressureEvent>(event: E, listener: PressureListener<E>): (...payload: unknown[]) => void {
    const guarded = (...payload: unknown[]) => {
      try {
        Reflect.apply(listener, undefined, payload);
      } catch (cause) {
        this.#listenerThrew(event, cause);
      }
    };
    const byListener = this.#guarded.get(event) ?? new Map<unknown, (...payload: unknown[]) => void>();
    byListener.set(listener, guarded);
    this.#guarded.set(event, byListener);
    return guarded;
  }

  #listenerThrew(event: PressureEvent, cause: unknown): void {
    const error = new SpillwayError('ERR_SPILLWAY_LISTENER', `A listener of '${event}' threw: ${String(cause)}`, {
      cause,
    });
    if (event === 'error') process.emitWarning(error.message, { type: 'SpillwayWarning', code: 'SPILLWAY_LISTENER' });
    else this.report(error);
  }
}
