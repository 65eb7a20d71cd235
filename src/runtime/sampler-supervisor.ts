import type { SpillwayError } from '../core/errors.js';
import { V8_OWN_GROWTH } from '../core/heap-growth.js';
import type { Settings } from '../core/settings.js';
import { isSilent } from '../core/silence.js';
import { monotonicMs, monotonicUs } from '../page/clock.js';
import { markSamplerPlace } from '../page/page.js';
import type { DecisionMessage, InjectedReading, SamplerControl, SamplerMessage } from '../page/protocol.js';
import { emptyPublishedState, readState } from '../page/state-codec.js';
import { setHeapGrowth } from '../sources/v8-heap-growth.js';
import { type SamplerHost, samplerFailed } from './sampler-host.js';
import { SamplerThread } from './sampler-thread.js';

/** More failures than this within the window, and the sampler moves into the starting thread. */
const MOST_FAILURES = 5;
const FAILURE_WINDOW_MS = 60_000;

/** The pause before a restart doubles with every failure in the window: with five failures the sampler was down for about 3 s in all. */
const FIRST_PAUSE_MS = 100;

/**
 * How often the starting thread looks whether samples still come. It takes two looks in a row to call a sampler stalled: after a suspension
 * of the whole process both threads wake up at once, and the sampler must have its chance.
 */
const LOOK_MS = 500;

/** A sampler answers the call to stop within a sample; one that does not in this time is stalled. */
const STOP_MS = 2_000;

/** A thread that cannot be ended in this time hangs in the kernel, and cannot write the page either. */
const TERMINATION_MS = 2_000;

export interface SupervisorEvents {
  message(message: SamplerMessage): void;
  /** Sampling stopped, or goes on only at the calm cadence (`true`); it is as it should be again (`false`). */
  degraded(degraded: boolean, reason: string): void;
  /** Once at most: the sampler could not be kept alive on a thread of its own. */
  gaveUp(error: SpillwayError): void;
}

interface Waiter {
  resolve(host: SamplerHost): void;
  reject(error: SpillwayError): void;
}

/**
 * Keeps a sampler running: restarts one that died or stalled, with growing pauses, and after too many failures samples in the starting
 * thread. The page keeps the last state meanwhile, and caches go on. Runs on the thread that started the runtime.
 */
export class SamplerSupervisor {
  readonly #words: Int32Array;
  readonly #settings: Settings;
  readonly #events: SupervisorEvents;
  readonly #published = emptyPublishedState();
  readonly #watch: NodeJS.Timeout;
  /** Calls that came while the sampler was down. */
  readonly #waiters: Waiter[] = [];
  /** Monotonic ms of the failures within the window. */
  #failuresMs: number[] = [];
  #injected: readonly InjectedReading[] = [];
  #host: SamplerHost | null = null;
  #restart: NodeJS.Timeout | null = null;
  /** The ending or starting of a sampler that is under way; never rejects. */
  #change: Promise<void> = Promise.resolve();
  /** Samples counted when the last look found silence; -1: it found none. */
  #silentAt = -1;
  #stopped = false;

  private constructor(words: Int32Array, settings: Settings, events: SupervisorEvents) {
    this.#words = words;
    this.#settings = settings;
    this.#events = events;
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    this.#watch.unref();
  }

  /** Resolves when the first sample is on the page. @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED; nothing is left behind then. */
  static async start(words: Int32Array, settings: Settings, events: SupervisorEvents): Promise<SamplerSupervisor> {
    const supervisor = new SamplerSupervisor(words, settings, events);
    try {
      supervisor.#host = await supervisor.#startThread();
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    markSamplerPlace(words, 'own-thread');
    return supervisor;
  }

  get hasSource(): boolean {
    return this.#host?.hasSource ?? false;
  }

  /** What is posted while the sampler is down is lost: it belongs to rounds that ended with it. */
  post(message: DecisionMessage): void {
    this.#host?.post(message);
  }

  /** Makes a control call; while the sampler is down it waits for the next. @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED */
  async call<T>(what: string, make: (control: SamplerControl) => Promise<T>, timeoutMs?: number): Promise<T> {
    const host = this.#host ?? (await this.#untilUp(what));
    return host.call(what, make, timeoutMs);
  }

  /** As `SamplerControl.inject`; the readings also survive a restart. */
  async inject(readings: readonly InjectedReading[] | null): Promise<void> {
    this.#injected = readings ?? [];
    await this.call('inject', (control) => control.inject(readings));
  }

  /**
   * Ends sampling for good: completes what is open where the sampler still answers, and leaves no thread behind. What waits for a restart
   * fails. Idempotent.
   * @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED when the sampler had to be ended without an answer; it is ended then.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#failWaiters(samplerFailed('the runtime was stopped while it was being restarted'));
    const host = this.#host;
    this.#host = null;
    let hasCompleted = false;
    try {
      await Promise.race([host?.call('stop', (control) => control.stop()), lateAnswer()]);
      hasCompleted = host !== null;
    } finally {
      await host?.terminate();
      await this.#change;
      if (!hasCompleted && this.#settings.setsHeapGrowth) setHeapGrowth(V8_OWN_GROWTH); // a sampler that is gone may have left another
    }
  }

  #startThread(): Promise<SamplerHost> {
    const thread: Promise<SamplerThread> = SamplerThread.start({
      ...this.#hostOptions(),
      onDied: (reason) => this.#failed(reason),
    });
    return thread;
  }

  #hostOptions() {
    return {
      words: this.#words,
      settings: this.#settings,
      injected: this.#injected,
      onMessage: (message: SamplerMessage) => this.#events.message(message),
    };
  }

  /** Looks for a sampler that lives and samples no more: an endless loop, a read that hangs. */
  #look(): void {
    if (this.#host === null || !(this.#host instanceof SamplerThread)) return;
    const isReadable = readState(this.#words, this.#published);
    const { sampledUs, intervalUs, sampleCount } = this.#published;
    if (isReadable && !isSilent(sampledUs, intervalUs, monotonicUs())) {
      this.#silentAt = -1;
      return;
    }
    if (this.#silentAt !== sampleCount) {
      this.#silentAt = sampleCount;
      return;
    }
    this.#silentAt = -1;
    const silentMs = Math.round(monotonicMs() - sampledUs / 1e3);
    this.#change = this.#replaceStalled(this.#host, `it took no sample for ${silentMs} ms`);
  }

  async #replaceStalled(host: SamplerHost, reason: string): Promise<void> {
    this.#host = null;
    this.#markDown(reason);
    await Promise.race([host.terminate(), afterMs(TERMINATION_MS)]);
    this.#planRestart(reason);
  }

  #failed(reason: string): void {
    this.#host = null;
    if (this.#stopped) return;
    this.#markDown(reason);
    this.#planRestart(reason);
  }

  #markDown(reason: string): void {
    markSamplerPlace(this.#words, 'nowhere');
    this.#events.degraded(true, `the sampler failed: ${reason}`);
  }

  #planRestart(reason: string): void {
    if (this.#stopped) return;
    const nowMs = monotonicMs();
    this.#failuresMs = this.#failuresMs.filter((failedMs) => nowMs - failedMs < FAILURE_WINDOW_MS);
    this.#failuresMs.push(nowMs);
    if (this.#failuresMs.length > MOST_FAILURES) {
      this.#change = this.#fallBack(reason);
      return;
    }
    const pauseMs = FIRST_PAUSE_MS * 2 ** (this.#failuresMs.length - 1);
    this.#restart = setTimeout(() => {
      this.#change = this.#startAgain();
    }, pauseMs);
    if (this.#waiters.length === 0) this.#restart.unref();
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#takeOver(await this.#startThread(), 'own-thread');
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      return;
    }
    if (!this.#stopped) this.#events.degraded(false, 'the sampler was restarted');
  }

  async #fallBack(reason: string): Promise<void> {
    const many = `${this.#failuresMs.length} failures in a minute, the last: ${reason}`;
    this.#events.gaveUp(samplerFailed(`${many}; it samples in the starting thread, at the calm cadence`));
    try {
      const { InThreadSampler } = await import('./sampler-in-thread.js'); // all of the sampler, which most processes never need here
      await this.#takeOver(await InThreadSampler.start(this.#hostOptions()), 'starting-thread');
    } catch (error) {
      this.#failWaiters(samplerFailed(many, error));
    }
  }

  async #takeOver(host: SamplerHost, place: 'own-thread' | 'starting-thread'): Promise<void> {
    if (this.#stopped) {
      await host.terminate();
      return;
    }
    this.#host = host;
    markSamplerPlace(this.#words, place);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(host);
  }

  #untilUp(what: string): Promise<SamplerHost> {
    if (this.#stopped) return Promise.reject(samplerFailed(`it ended before '${what}'`));
    this.#restart?.ref();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #failWaiters(error: SpillwayError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}

async function lateAnswer(): Promise<never> {
  await afterMs(STOP_MS);
  throw samplerFailed(`it did not answer 'stop' in ${STOP_MS} ms`);
}

function afterMs(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
}
