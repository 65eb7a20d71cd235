import { resourceLimits } from 'node:worker_threads';
import type { CacheRegistration, RegisterOptions } from '../caches/contract.js';
import { v8Engine } from '../caches/engine.js';
import { type RegistrableCache, ThreadCaches } from '../caches/thread-caches.js';
import { describeValue, reasonOf, SpillwayError } from '../core/errors.js';
import type { EvictionReport, EvictionReportWithSettlement } from '../core/eviction.js';
import { isAtLeast, isLevel, type Level } from '../core/level.js';
import type { PressureState } from '../core/state.js';
import { formatBytes } from '../core/units.js';
import { type BellListener, listenAsThread } from '../page/bell.js';
import type { Outcome } from '../page/orders.js';
import { isRoundOpen, isStopped } from '../page/page.js';
import type { SamplerMessage } from '../page/protocol.js';
import type { PublishedState } from '../page/state-codec.js';
import { loadWatchedSample, storeWantsSamples, storeWatchDistance, type ThreadClaim } from '../page/thread-rows.js';
import { Admission, checkReservation, freeReservation, type Reservation } from './admission.js';
import { PressureEmitter, type PressureEvent, type PressureEvents, type PressureListener } from './events.js';
import { LevelWaits } from './level-waits.js';
import { Settlements } from './settlements.js';
import { StateView } from './state-view.js';

/** How often a change of who wants samples is noticed on the diagnostics channel, which tells nobody of its subscribers. */
const INTEREST_MS = 1000;

/** Events whose payload the sampler posts; a sample stands on the page. */
const MESSAGE_EVENTS = ['level', 'eviction', 'alert', 'health', 'error'] as const satisfies readonly PressureEvent[];

/** What the runtime of any thread must know; plain data, so that a handle can carry it. */
export interface ThreadRuntimeOptions {
  readonly enabled: boolean;
  readonly collectGarbage: 'auto' | 'never';
  readonly respectCacheLimits: boolean;
  /** Share of the old generation's limit beyond which nothing is reserved, null: the heap is not watched. */
  readonly heapCeilingRatio: number | null;
  /** Whether the thread's caches give way by themselves when its heap is nearly full. */
  readonly relievesHeap: boolean;
}

/** What the rest of the runtime is told. */
export interface ThreadRuntimeEvents {
  /** Whether anybody on this thread listens to what the sampler posts. Called when that may have changed. */
  interest(inMessages: boolean): void;
  /** The thread attends to the page on its event loop: after a bell, or now and then. */
  attended(): void;
}

/** What every thread with a runtime has: the page, its own caches, its own listeners. */
export class ThreadRuntime {
  readonly #words: Int32Array;
  readonly #options: ThreadRuntimeOptions;
  readonly #view: StateView;
  readonly #caches: ThreadCaches;
  readonly #emitter = new PressureEmitter();
  readonly #roundListeners = new Set<() => void>();
  readonly #settlements = new Settlements();
  readonly #claim: ThreadClaim;
  readonly #events: ThreadRuntimeEvents;
  readonly #bell: BellListener;
  readonly #admission: Admission;
  readonly #interest: NodeJS.Timeout;
  /** Caches that were warned of. */
  readonly #warned = new Set<string>();
  readonly #waits = new LevelWaits(this.#emitter);
  #wantsSamples = false;
  /** Count of the last sample that was told of. */
  #toldSamples = 0;
  #sampleWatch: ((state: PressureState) => void) | null = null;
  /** Count of the last sample that was watched. */
  #watchedSample = 0;
  #closed = false;

  constructor(words: Int32Array, claim: ThreadClaim, options: ThreadRuntimeOptions, events: ThreadRuntimeEvents) {
    this.#words = words;
    this.#claim = claim;
    this.#options = options;
    this.#events = events;
    this.#view = new StateView(words);
    this.#caches = new ThreadCaches(words, claim, {
      ...options,
      engine: v8Engine(resourceLimits.maxYoungGenerationSizeMb ?? null),
      onSizeFault: (cache, reason) => this.#warnOfSize(cache, reason),
      onCacheFailed: (cache, outcome, fault) => this.report(cacheFailed(cache, outcome, fault)),
    });
    this.#admission = new Admission(words, claim, this.#caches);
    this.#bell = listenAsThread(words, claim.row, () => this.#attend());
    this.#interest = setInterval(() => this.#attend(), INTEREST_MS);
    this.#interest.unref();
  }

  get isEnabled(): boolean {
    return this.#options.enabled;
  }

  /** False once it was closed: nothing is watched or counted any more. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  get level(): Level {
    if (!this.#closed) this.#caches.glance();
    return this.#view.level;
  }

  get state(): PressureState {
    this.#caches.refresh();
    if (!this.#closed) this.#caches.glance();
    return this.#view.snapshot(this.#options.enabled);
  }

  /** Brings what the page says of this thread's caches up to date, for a sampler that is about to look. */
  refresh(): void {
    this.#caches.refresh();
  }

  /** What the sampler last published, numbers only; valid until the next call. */
  get published(): PublishedState {
    return this.#view.published();
  }

  /** Brings the counters that stand on the page up to date with this thread's caches. */
  publishCounters(): void {
    this.#caches.publishCounters();
  }

  isAtLeast(level: Level): boolean {
    if (!isLevel(level)) throw badLevel(level);
    return isAtLeast(this.level, level);
  }

  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration {
    if (this.#closed) throw stopped('register');
    return this.#caches.register(cache, options);
  }

  /** @throws SpillwayError ERR_SPILLWAY_ARGUMENT, as `once` and `off`. */
  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.on(event, listener);
    this.#updateInterest();
  }

  once<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.once(event, listener);
    this.#updateInterest();
  }

  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): void {
    this.#emitter.off(event, listener);
    this.#updateInterest();
  }

  emit<E extends PressureEvent>(event: E, ...payload: PressureEvents[E]): void {
    this.#emitter.emit(event, ...payload);
  }

  /** Whether the measured outcome of an eviction is still to come. */
  get awaitsSettlement(): boolean {
    return this.#settlements.areAwaited;
  }

  isHeard(event: PressureEvent): boolean {
    return this.#emitter.isHeard(event);
  }

  report(error: SpillwayError): void {
    this.#emitter.report(error);
  }

  /** O(1) while there is room. @returns null when it does not fit. */
  reserve(bytes: number): Reservation | null {
    checkReservation(bytes);
    if (this.#closed) throw stopped('reserve');
    return this.#options.enabled ? this.#admission.reserve(bytes) : freeReservation(bytes);
  }

  /**
   * Resolves when the level is at least `level`, or, with `below`, below it; at once when it is, and also when it was for a moment
   * while the loop was blocked.
   */
  async until(level: Level, { signal, below = false }: { signal?: AbortSignal; below?: boolean } = {}): Promise<void> {
    if (!isLevel(level)) throw badLevel(level);
    signal?.throwIfAborted();
    if (this.#closed) throw stopped('until');
    const holds = (now: Level) => isAtLeast(now, level) !== below;
    if (holds(this.level)) return;
    const reached = this.#waits.until(holds, signal);
    this.#updateInterest();
    this.#waits.look(this.level); // it may have changed before anybody listened
    await reached;
  }

  /** Takes what the sampler posted. */
  receive(message: SamplerMessage): void {
    switch (message.type) {
      case 'level':
        this.#emitter.emit('level', Object.freeze({ ...message.notice, state: this.state }));
        break;
      case 'eviction':
        this.#emitter.emit('eviction', this.withSettlement(message.report));
        break;
      case 'settled':
        this.#settlements.settle(message.report);
        break;
      case 'health':
        this.#emitter.emit('health', { from: message.from, to: message.to, reason: message.reason });
        break;
      case 'error':
        this.report(new SpillwayError(message.code, message.message));
        break;
      case 'ready':
      case 'observation':
        break; // for whoever started the sampler
    }
  }

  /** The report with the promise of its settlement: the same promise for the event and for the caller of `evict()`. */
  withSettlement(report: EvictionReport): EvictionReportWithSettlement {
    return this.#settlements.promise(report);
  }

  /** Takes back everything that was laid over caches, and every timer; idempotent. */
  close(reason: string): void {
    if (this.#closed) return;
    const { health } = this.state;
    const from = health === 'stopped' ? 'ok' : health; // told by the page, which is further than this thread
    this.#closed = true;
    clearInterval(this.#interest);
    this.#bell.stop();
    const { reservedBytes } = this.#admission;
    if (reservedBytes > 0) this.report(forgotten(reservedBytes));
    this.#caches.close();
    this.#settlements.close();
    this.#waits.end(stopped('until'));
    this.#emitter.emit('health', Object.freeze({ from, to: 'stopped', reason }));
    this.#emitter.removeAll();
  }

  /** Sees to what is new on the page, on a free loop. */
  #attend(): void {
    if (this.#closed) return;
    if (!isStopped(this.#words)) void this.#caches.payOnLoop();
    this.#updateInterest();
    this.#tellSample();
    this.#events.attended();
    if (isRoundOpen(this.#words)) for (const listener of this.#roundListeners) listener();
  }

  /** Has `listener` called with samples that are `distanceMs` apart, and with those between them that `SampleBells` says. One listener at most. */
  watchSamples(distanceMs: number, listener: (state: PressureState) => void): void {
    this.#sampleWatch = this.#emitter.guard('sample', listener);
    this.#watchedSample = loadWatchedSample(this.#words, this.#claim.row);
    storeWatchDistance(this.#words, this.#claim.row, distanceMs);
  }

  /** Pays what stands on the page, in slices. */
  async payOnLoop(): Promise<void> {
    if (!this.#closed) await this.#caches.payOnLoop();
  }

  /** Calls `listener` when a round of eviction is under way, once or more for each. @returns takes it off. */
  onRound(listener: () => void): () => void {
    this.#roundListeners.add(listener);
    return () => this.#roundListeners.delete(listener);
  }

  #updateInterest(): void {
    if (this.#closed) return;
    this.#events.interest(MESSAGE_EVENTS.some((event) => this.#emitter.isHeard(event)));
    const wants = this.#emitter.isHeard('sample');
    if (wants === this.#wantsSamples) return;
    this.#wantsSamples = wants;
    this.#toldSamples = this.#view.published().sampleCount;
    storeWantsSamples(this.#words, this.#claim.row, wants);
  }

  #tellSample(): void {
    const watched = loadWatchedSample(this.#words, this.#claim.row);
    if (this.#sampleWatch !== null && watched !== this.#watchedSample) {
      this.#watchedSample = watched;
      this.#sampleWatch(this.state);
    }
    if (!this.#wantsSamples) return;
    const { sampleCount } = this.#view.published();
    if (sampleCount === this.#toldSamples) return;
    this.#toldSamples = sampleCount;
    this.#emitter.emit('sample', this.state);
  }

  /** Once per cache: a `sizeOf` that fails for one entry fails for many. */
  #warnOfSize(cache: string, reason: string): void {
    if (this.#warned.has(cache)) return;
    this.#warned.add(cache);
    const message = `Cache '${cache}': ${reason}; such entries count as 0 bytes`;
    process.emitWarning(message, { type: 'SpillwayWarning', code: 'SPILLWAY_SIZE_OF' });
  }
}

function forgotten(bytes: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_RESERVATION', `${formatBytes(bytes)} were reserved and never released`);
}

function cacheFailed(cache: string, outcome: Outcome, fault: unknown): SpillwayError {
  const message = `Cache '${cache}' ${outcome} when it was asked to evict: ${reasonOf(fault)}`;
  return new SpillwayError('ERR_SPILLWAY_CACHE_FAILED', message, { cause: fault });
}

function badLevel(level: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected a level (normal, warning, critical, emergency), got ${describeValue(level)}`,
  );
}

export function stopped(call: string): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_STOPPED', `The runtime was stopped: \`${call}\` can no longer be carried out`);
}
