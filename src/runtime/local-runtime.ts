import type { LruCacheLike } from '../caches/adapters/lru-like.js';
import type { CacheRegistration, RegisterOptions } from '../caches/contract.js';
import type { RegistrableCache } from '../caches/thread-caches.js';
import { describeValue, SpillwayError } from '../core/errors.js';
import { type EvictionReport, type EvictionReportWithSettlement, emptyReport } from '../core/eviction.js';
import { isLevel, type Level } from '../core/level.js';
import type { PressureState } from '../core/state.js';
import type { Reservation } from './admission.js';
import type { PressureEvent, PressureListener } from './events.js';
import { EvictionCalls } from './eviction-calls.js';
import { stopped, type ThreadRuntime } from './thread-runtime.js';

/** What a runtime gives to the thread that holds it, whether it was started there or attached. To be called on that thread. */
export interface LocalPressure {
  /** The level now: one load from the page, right also while the event loop is blocked. */
  readonly level: Level;
  /** A frozen, consistent snapshot; also while the event loop is blocked. */
  readonly state: PressureState;
  /** Whether the level is `level` or worse. @throws SpillwayError ERR_SPILLWAY_ARGUMENT */
  isAtLeast(level: Level): boolean;
  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): this;
  once<E extends PressureEvent>(event: E, listener: PressureListener<E>): this;
  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): this;
  /**
   * Takes a cache of this thread in; the same object is used on exactly as before.
   * @throws SpillwayError ERR_SPILLWAY_ARGUMENT, ERR_SPILLWAY_CACHE_UNSUPPORTED, ERR_SPILLWAY_CACHE_DUPLICATE,
   * ERR_SPILLWAY_LEDGER_FULL, ERR_SPILLWAY_STOPPED
   */
  register<K, V>(cache: LruCacheLike<K, V>, options: RegisterOptions<K, V>): CacheRegistration;
  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration;
  /**
   * Evicts `bytes` from the caches of all threads, in order of priority. Calls that come together are one round.
   * @throws SpillwayError ERR_SPILLWAY_ARGUMENT, ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_SAMPLER_FAILED
   */
  evict(bytes: number, options?: { level?: Level }): Promise<EvictionReportWithSettlement>;
  /**
   * Reserves memory that is about to be allocated: it counts as used, for every thread, until it is released. Without room it blocks,
   * 150 ms at most, while garbage is collected and caches give way.
   * @param bytes finite, >= 0.
   * @returns null when it would take the use of any limit past `emergency`.
   * @throws SpillwayError ERR_SPILLWAY_ARGUMENT, ERR_SPILLWAY_STOPPED
   */
  reserve(bytes: number): Reservation | null;
  /** Waits while the level is `at` (default `critical`) or worse. Rejects when aborted or stopped. */
  admit(options?: { at?: Level; signal?: AbortSignal }): Promise<void>;
  /** Resolves when the level is at least `level`, or, with `below`, below it. Rejects when aborted or stopped. */
  until(level: Level, options?: { signal?: AbortSignal; below?: boolean }): Promise<void>;
}

const threads = new WeakMap<LocalPressure, ThreadRuntime>();

/**
 * Calls `listener` on this thread's event loop while a round of eviction is under way. For integrations that can wake a thread which
 * hears no bell. @returns takes the listener off.
 */
export function onRound(pressure: LocalPressure, listener: () => void): () => void {
  return threads.get(pressure)?.onRound(listener) ?? (() => undefined);
}

/** The common part of a started and an attached runtime. */
export abstract class LocalRuntime implements LocalPressure {
  protected readonly thread: ThreadRuntime;
  readonly #evictions = new EvictionCalls((bytes, level) => this.askForEviction(bytes, level));

  constructor(thread: ThreadRuntime) {
    this.thread = thread;
    threads.set(this, thread);
  }

  get level(): Level {
    return this.thread.level;
  }

  get state(): PressureState {
    return this.thread.state;
  }

  isAtLeast(level: Level): boolean {
    return this.thread.isAtLeast(level);
  }

  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): this {
    this.thread.on(event, listener);
    return this;
  }

  once<E extends PressureEvent>(event: E, listener: PressureListener<E>): this {
    this.thread.once(event, listener);
    return this;
  }

  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): this {
    this.thread.off(event, listener);
    return this;
  }

  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration {
    return this.thread.register(cache, options);
  }

  async evict(bytes: number, options: { level?: Level } = {}): Promise<EvictionReportWithSettlement> {
    if (!Number.isFinite(bytes) || bytes < 0) {
      throw new SpillwayError(
        'ERR_SPILLWAY_ARGUMENT',
        `Expected \`bytes\` to be a finite number >= 0, got ${describeValue(bytes)}`,
      );
    }
    const { level } = options;
    if (level !== undefined && !isLevel(level)) {
      throw new SpillwayError('ERR_SPILLWAY_ARGUMENT', `Expected \`level\` to be a level, got ${describeValue(level)}`);
    }
    if (!this.thread.isOpen) throw stopped('evict');
    if (!this.thread.isEnabled) return this.thread.withSettlement(emptyReport(0, 'normal', Date.now(), bytes));
    return this.thread.withSettlement(await this.#evictions.evict(bytes, level ?? null));
  }

  reserve(bytes: number): Reservation | null {
    return this.thread.reserve(bytes);
  }

  admit({ at = 'critical', ...options }: { at?: Level; signal?: AbortSignal } = {}): Promise<void> {
    return this.thread.until(at, { ...options, below: true });
  }

  until(level: Level, options: { signal?: AbortSignal; below?: boolean } = {}): Promise<void> {
    return this.thread.until(level, options);
  }

  /** Has the sampler carry out a round. @throws SpillwayError ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_SAMPLER_FAILED */
  protected abstract askForEviction(bytes: number, level: Level | null): Promise<EvictionReport>;
}
