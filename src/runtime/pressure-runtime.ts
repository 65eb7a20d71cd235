import { threadId } from 'node:worker_threads';
import type { AlertChange, AlertStanding } from '../core/alert-rules.js';
import { describeValue, reasonOf, SpillwayError } from '../core/errors.js';
import type { EvictionReport } from '../core/eviction.js';
import { decisionFault, type PolicyInput } from '../core/eviction-policy.js';
import type { Level } from '../core/level.js';
import type { ObservedPressure } from '../core/observed-pressure.js';
import type { PressureState } from '../core/state.js';
import type { PressureStatistics } from '../core/statistics.js';
import type { Inspection } from '../inspect/server.js';
import { ringThreads } from '../page/bell.js';
import { broadcastOnce } from '../page/broadcast.js';
import { createPage, markStopped } from '../page/page.js';
import type { InjectedReading, SamplerControl, SamplerMessage } from '../page/protocol.js';
import { claimThread } from '../page/thread-rows.js';
import { kernelThreadId } from '../sources/kernel-thread.js';
import { Alerting, JUDGED_EVERY_MS } from './alerting.js';
import { Bookkeeping } from './bookkeeping.js';
import type { PressureEvent, PressureListener } from './events.js';
import { createHandle, type PressureHandle } from './handle.js';
import { HealthMonitor } from './health-monitor.js';
import { type LocalPressure, LocalRuntime } from './local-runtime.js';
import { type PressureOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { SamplerSupervisor } from './sampler-supervisor.js';
import { stopped, ThreadRuntime } from './thread-runtime.js';

/** What a user holds: see the contract, §1 to §9. All of it is to be called on the thread that started the runtime. */
export interface PressureRuntime extends LocalPressure, ObservedPressure {
  on<E extends PressureEvent>(event: E, listener: PressureListener<E>): this;
  off<E extends PressureEvent>(event: E, listener: PressureListener<E>): this;
  /** For other threads: `attachPressureRuntime(handle)` there. Structured-cloneable without a transfer list. */
  readonly handle: PressureHandle;
  /** Everything that was counted since the start: caches and whether they are worth their memory, levels, evictions. */
  statistics(): PressureStatistics;
  /** Ends sampling, restores every cache of every thread, leaves no thread, timer or handle; idempotent. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What tests may do with a runtime beyond its public face; see `testing.ts`. */
export interface TestAccess {
  inject(readings: readonly InjectedReading[] | null): Promise<void>;
  sampleNow(): Promise<PressureState>;
}

const testAccess = new WeakMap<PressureRuntime, TestAccess>();

/** @throws SpillwayError ERR_SPILLWAY_ARGUMENT when it is not a runtime of this copy of the package. */
export function testAccessOf(pressure: PressureRuntime): TestAccess {
  const access = testAccess.get(pressure);
  if (access !== undefined) return access;
  throw new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected a running PressureRuntime, got ${describeValue(pressure)}`,
  );
}

/**
 * Starts watching; resolves after the first sample. Never keeps the process alive, adds no signal handler.
 * @throws SpillwayError ERR_SPILLWAY_OPTION, ERR_SPILLWAY_NO_SOURCE, ERR_SPILLWAY_SAMPLER_FAILED; nothing is left behind then.
 */
export async function startPressureRuntime(options: PressureOptions = {}): Promise<PressureRuntime> {
  const resolved = resolveOptions(options, process.env, process.execArgv);
  resolved.signal?.throwIfAborted();
  const runtime = new StartedRuntime(resolved);
  await runtime.start();
  return runtime;
}

/** A round has deadlines of its own, for each of its caches; this is for a sampler that forgot it. */
const EVICT_TIMEOUT_MS = 120_000;

class StartedRuntime extends LocalRuntime implements PressureRuntime {
  readonly handle: PressureHandle;
  readonly #resolved: ResolvedOptions;
  readonly #words: Int32Array;
  readonly #health: HealthMonitor;
  #sampler: SamplerSupervisor | null = null;
  #inspection: Inspection | null = null;
  readonly #books: Bookkeeping;
  readonly #alerting: Alerting;
  #isPolicyFailing = false;
  #stopping: Promise<void> | null = null;
  readonly #onAbort = () => void this.stop();

  constructor(resolved: ResolvedOptions) {
    const words = createPage();
    const { autoEviction: relievesHeap, collectGarbage, respectCacheLimits, resources } = resolved.settings;
    const heapCeilingRatio = resources.heap?.emergency ?? null;
    const options = { enabled: resolved.enabled, collectGarbage, respectCacheLimits, heapCeilingRatio, relievesHeap };
    const claim = claimThread(words, threadId, kernelThreadId());
    super(new ThreadRuntime(words, claim, options, { interest: () => undefined, attended: () => undefined }));
    this.handle = createHandle(words, options);
    this.#resolved = resolved;
    this.#words = words;
    this.#health = new HealthMonitor((change) => {
      this.thread.emit('health', change);
      broadcastOnce(words, { type: 'health', ...change });
    });
    this.#books = new Bookkeeping(words);
    this.#alerting = new Alerting(resolved.alertRules, () => this.statistics());
    this.#keepBooks();
  }

  async start(): Promise<void> {
    const { enabled, signal, inspect } = this.#resolved;
    testAccess.set(this, enabled ? this.#testAccess() : this.#disabledTestAccess());
    try {
      if (enabled) await this.#startSampler();
      if (enabled && inspect) await this.#startInspection();
      signal?.throwIfAborted();
    } catch (error) {
      await this.stop();
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async #startSampler(): Promise<void> {
    const { settings } = this.#resolved;
    this.#sampler = await SamplerSupervisor.start(this.#words, settings, {
      message: (message) => this.#receive(message),
      degraded: (degraded, reason) => this.#health.set('sampler', degraded, reason),
      gaveUp: (error) => this.thread.report(error),
    });
    if (this.#sampler.hasSource || settings.fallbackWhenUnavailable) return;
    throw new SpillwayError(
      'ERR_SPILLWAY_NO_SOURCE',
      'No source of memory readings is available, and fallbackWhenUnavailable is false',
    );
  }

  #testAccess(): TestAccess {
    return {
      inject: async (readings) => {
        if (this.#stopping !== null || this.#sampler === null) throw stopped('inject');
        this.thread.refresh();
        await this.#sampler.inject(readings);
      },
      sampleNow: async () => {
        await this.#call('sampleNow', (control) => control.sampleNow());
        return this.state;
      },
    };
  }

  /** A runtime that samples nothing takes no readings in. */
  #disabledTestAccess(): TestAccess {
    return { inject: async () => undefined, sampleNow: async () => this.state };
  }

  /** A runtime that is being stopped says so from the first moment on. */
  override get state(): PressureState {
    const { state } = this.thread;
    return this.#stopping === null ? state : Object.freeze({ ...state, health: 'stopped' });
  }

  get thresholds(): ObservedPressure['thresholds'] {
    return this.#resolved.settings.resources;
  }

  get alerts(): AlertStanding[] {
    return this.#alerting.standings;
  }

  statistics(): PressureStatistics {
    this.thread.publishCounters();
    return this.#books.statistics(this.thread.published);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  protected async askForEviction(bytes: number, level: Level | null): Promise<EvictionReport> {
    return this.#call('evict', (control) => control.evict(bytes, level), EVICT_TIMEOUT_MS);
  }

  async #stop(): Promise<void> {
    this.#resolved.signal?.removeEventListener('abort', this.#onAbort);
    await this.#inspection?.close();
    try {
      await this.#sampler?.stop();
    } catch (cause) {
      this.thread.report(
        new SpillwayError('ERR_SPILLWAY_SAMPLER_FAILED', 'The sampler thread was ended without an answer', { cause }),
      );
    }
    this.#sampler = null;
    this.thread.close('the runtime was stopped');
    markStopped(this.#words);
    ringThreads(this.#words);
  }

  #call<T>(what: string, make: (control: SamplerControl) => Promise<T>, timeoutMs?: number): Promise<T> {
    if (this.#stopping !== null || this.#sampler === null) return Promise.reject(stopped(what));
    this.thread.refresh();
    return this.#sampler.call(what, make, timeoutMs);
  }

  /** A process that cannot be inspected works all the same. */
  async #startInspection(): Promise<void> {
    try {
      const { startInspection } = await import('../inspect/server.js');
      this.#inspection = await startInspection(this);
    } catch (cause) {
      this.thread.report(
        new SpillwayError('ERR_SPILLWAY_INSPECT', `The runtime cannot be inspected: ${String(cause)}`, { cause }),
      );
    }
  }

  #keepBooks(): void {
    this.thread.on('eviction', (report) => {
      this.#books.evicted(report);
      void report.settled.then((settled) => this.#books.settled(settled));
    });
    this.thread.on('level', (change) => {
      this.#books.levelChanged(change.to, change.at);
      this.#tellAlerts(this.#alerting.judgeChange(change));
    });
    if (this.#resolved.alertRules.length > 0) {
      this.thread.watchSamples(JUDGED_EVERY_MS, (state) => this.#tellAlerts(this.#alerting.judge(state)));
    }
  }

  #tellAlerts(changes: readonly AlertChange[]): void {
    for (const change of changes) {
      this.thread.emit('alert', Object.freeze(change));
      broadcastOnce(this.#words, { type: 'alert', change });
    }
  }

  #receive(message: SamplerMessage): void {
    if (message.type === 'observation') this.#decide(message.input);
    else if (message.type === 'health') this.#health.set('sources', message.to === 'degraded', message.reason);
    else this.thread.receive(message);
  }

  /** Lets the user's own policy decide. */
  #decide(input: PolicyInput): void {
    const { policy } = this.#resolved;
    if (policy === null) return;
    try {
      const decision = policy.decide(Object.freeze(input));
      const fault = decisionFault(decision);
      if (fault !== null) throw new TypeError(fault);
      this.#sampler?.post({ type: 'decision', decision, policy: policy.name });
      this.#isPolicyFailing = false;
    } catch (cause) {
      if (this.#isPolicyFailing) return; // it was reported, and fails with every sample
      this.#isPolicyFailing = true;
      const message = `The eviction policy '${policy.name}' failed: ${reasonOf(cause)}`;
      this.thread.report(new SpillwayError('ERR_SPILLWAY_POLICY', message, { cause }));
    }
  }
}
