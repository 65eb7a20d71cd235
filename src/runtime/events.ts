import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'eventemitter3';
import type { AlertChange } from '../core/alert-rules.js';
import { describeValue, type ErrorCode, reasonOf, SpillwayError } from '../core/errors.js';
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

type Guarded = (...payload: unknown[]) => void;

/** Delivers events to listeners and to the diagnostics channels `spillway:<event>`. One per runtime and thread. */
export class PressureEmitter {
  readonly #emitter = new EventEmitter<Record<PressureEvent, unknown[]>>();
  /** The guarded form of each listener, under which it was added, however often that was. */
  readonly #guarded: Readonly<Record<PressureEvent, WeakMap<object, Guarded>>>;
  readonly #channels: Readonly<Record<PressureEvent, Channel>>;
  readonly #warned = new Set<ErrorCode>();

  constructor() {
    this.#guarded = byEvent(() => new WeakMap<object, Guarded>());
    this.#channels = byEvent((event) => channel(`spillway:${event}`));
  }

  /** @throws SpillwayError ERR_SPILLWAY_ARGUMENT when there is no such event, or the listener is no function. */
  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.on(event, this.guard(event, listener));
  }

  /** As `on`, for the next time only. */
  once<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.once(event, this.guard(event, listener));
  }

  /** Takes the listener out, however often it was added. */
  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.off(event, this.guard(event, listener));
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
  }

  /** A form of the listener that cannot harm whoever calls it, also when it is asynchronous and rejects. */
  guard<E extends PressureEvent>(event: E, listener: PressureListener<E>): Guarded {
    if (!EVENTS.includes(event)) throw badArgument('event', `one of ${EVENTS.join(', ')}`, event);
    if (typeof listener !== 'function') throw badArgument('listener', 'a function', listener);
    const known = this.#guarded[event].get(listener);
    if (known !== undefined) return known;
    const guarded = (...payload: unknown[]) => {
      try {
        const result: unknown = Reflect.apply(listener, undefined, payload);
        if (result instanceof Promise) result.catch((cause: unknown) => this.#listenerThrew(event, cause));
      } catch (cause) {
        this.#listenerThrew(event, cause);
      }
    };
    this.#guarded[event].set(listener, guarded);
    return guarded;
  }

  #listenerThrew(event: PressureEvent, cause: unknown): void {
    const message = `A listener of '${event}' threw: ${reasonOf(cause)}`;
    const error = new SpillwayError('ERR_SPILLWAY_LISTENER', message, { cause });
    if (event === 'error') process.emitWarning(message, { type: 'SpillwayWarning', code: 'SPILLWAY_LISTENER' });
    else this.report(error);
  }
}

function byEvent<T>(make: (event: PressureEvent) => T): Readonly<Record<PressureEvent, T>> {
  return Object.fromEntries(EVENTS.map((event) => [event, make(event)])) as Record<PressureEvent, T>;
}

function badArgument(name: string, expected: string, given: unknown): SpillwayError {
  const message = `Expected \`${name}\` to be ${expected}, got ${describeValue(given)}`;
  return new SpillwayError('ERR_SPILLWAY_ARGUMENT', message);
}
