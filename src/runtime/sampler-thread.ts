import { Worker } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { DecisionMessage, SamplerControl, SamplerMessage, SamplerWorkerData } from '../page/protocol.js';
import { guardNativeLoads, type NativeLoads } from './native-loads.js';
import { type HostOptions, type SamplerHost, samplerFailed } from './sampler-host.js';

/** The bundle: it loads in a third of the memory that its modules take. */
const ENTRY = new URL('../../workers/sampler.cjs', import.meta.url);

/** A control call that is not answered in this time has failed: a sample takes a millisecond. */
const CALL_TIMEOUT_MS = 10_000;

/** Room for the sampler's own heap. It allocates next to nothing; a small young space keeps its footprint down. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

export interface ThreadHostOptions extends HostOptions {
  /** The thread ended without being told to, after its first sample. */
  readonly onDied: (reason: string) => void;
}

/** The sampler on a thread of its own. It keeps the process alive only while a call is under way. */
export class SamplerThread implements SamplerHost {
  readonly #worker: Worker;
  /** Held as long as the thread lives: comlink drops the pending calls of a proxy that is collected. */
  readonly #control: Remote<SamplerControl>;
  /** Fail the calls under way. Not reactions to one long promise: it would hold those of every call until the thread ends. */
  readonly #onExit = new Set<(reason: string) => void>();
  readonly #nativeLoads: NativeLoads;
  #hasSource = false;
  #calls = 0;
  /** No message can be posted any more, and `onDied` is not called: it was told to end, or is gone. */
  #ended = false;

  private constructor({ words, settings, injected, onMessage, onDied }: ThreadHostOptions) {
    const workerData: SamplerWorkerData = { page: words.buffer as SharedArrayBuffer, settings, injected };
    this.#nativeLoads = guardNativeLoads(words);
    this.#worker = this.#startWorker(workerData);
    let failure: string | null = null;
    this.#worker.once('error', (error) => {
      failure = String(error);
    });
    this.#worker.on('message', (message: SamplerMessage) => {
      if ('type' in message) onMessage(message); // the others are comlink's answers
    });
    this.#worker.once('exit', (code) => {
      this.#nativeLoads.threadEnded();
      const reason = failure ?? `it exited with code ${code}`;
      for (const fail of this.#onExit) fail(reason);
      if (this.#ended) return;
      this.#ended = true;
      onDied(reason);
    });
    this.#control = wrap<SamplerControl>(nodeEndpoint(this.#worker));
  }

  #startWorker(workerData: SamplerWorkerData): Worker {
    try {
      return new Worker(ENTRY, {
        workerData,
        name: 'spillway-sampler',
        resourceLimits: RESOURCE_LIMITS,
        execArgv: [],
        stdin: false,
        trackUnmanagedFds: true,
      });
    } catch (error) {
      this.#nativeLoads.threadEnded();
      throw error;
    }
  }

  /**
   * Resolves when the first sample is on the page.
   * @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED; nothing is left behind then, and `onDied` is not called.
   */
  static async start(options: ThreadHostOptions): Promise<SamplerThread> {
    let isReady = false;
    const thread = new SamplerThread({
      ...options,
      onDied: (reason) => {
        if (isReady) options.onDied(reason);
      },
    });
    try {
      thread.#hasSource = await thread.#untilReady();
    } catch (error) {
      await thread.terminate();
      throw error;
    }
    isReady = true;
    thread.#worker.unref();
    return thread;
  }

  get hasSource(): boolean {
    return this.#hasSource;
  }

  post(message: DecisionMessage): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  async call<T>(what: string, make: (control: SamplerControl) => Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> {
    if (this.#ended) throw samplerFailed(`it ended before '${what}'`);
    if (this.#calls++ === 0) this.#worker.ref();
    try {
      return await this.#inTime(what, make(this.#control), timeoutMs);
    } finally {
      if (--this.#calls === 0) this.#worker.unref();
    }
  }

  async terminate(): Promise<void> {
    this.#ended = true;
    this.#control[releaseProxy]();
    this.#nativeLoads.end();
    await this.#worker.terminate();
    this.#worker.removeAllListeners();
  }

  #untilReady(): Promise<boolean> {
    const ready = new Promise<boolean>((resolve) => {
      this.#worker.on('message', (message: SamplerMessage) => {
        if (message.type === 'ready') resolve(message.hasSource);
      });
    });
    return this.#inTime('the first sample', ready, CALL_TIMEOUT_MS);
  }

  /** @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED when the thread ends, or the time is over, before the answer. */
  async #inTime<T>(what: string, answer: Promise<T>, timeoutMs: number): Promise<T> {
    const late = samplerFailed(`it did not answer '${what}' in ${timeoutMs} ms`);
    let timer: NodeJS.Timeout | undefined;
    let onExit: (reason: string) => void = () => undefined;
    const failure = new Promise<never>((_, reject) => {
      // On a loop that was blocked the timer comes first; the answer may be waiting behind it.
      timer = setTimeout(() => setImmediate(() => reject(late)), timeoutMs);
      onExit = (reason) => reject(samplerFailed(`it ended before '${what}': ${reason}`));
      this.#onExit.add(onExit);
    });
    try {
      return await Promise.race([answer, failure]);
    } finally {
      clearTimeout(timer);
      this.#onExit.delete(onExit);
    }
  }
}
