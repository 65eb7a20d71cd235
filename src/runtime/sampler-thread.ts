import { Worker } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { SpillwayError } from '../core/errors.js';
import type { Settings } from '../core/settings.js';
import type { SamplerControl, SamplerMessage, SamplerWorkerData, ThreadMessage } from '../page/protocol.js';

const ENTRY = new URL('../../workers/sampler.js', import.meta.url);

/** A control call that is not answered in this time has failed. Source: a round may wait 2.5 s for an asynchronous cache. */
const CALL_TIMEOUT_MS = 10_000;

/** Room for the sampler's own heap. It allocates next to nothing; a small young space keeps its footprint down. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

export interface SamplerThreadEvents {
  message(message: SamplerMessage): void;
  /** The thread ended without being told to. */
  died(reason: string): void;
}

/** The sampler on a thread of its own. It keeps the process alive only while a call is under way. */
export class SamplerThread {
  readonly #worker: Worker;
  /** Held as long as the thread lives: comlink drops the pending calls of a proxy that is collected. */
  readonly #control: Remote<SamplerControl>;
  readonly #exited: Promise<void>;
  #calls = 0;
  #failure = '';
  #ended = false;

  constructor(words: Int32Array, settings: Settings, events: SamplerThreadEvents) {
    const workerData: SamplerWorkerData = { page: words.buffer as SharedArrayBuffer, settings };
    this.#worker = new Worker(ENTRY, {
      workerData,
      name: 'spillway-sampler',
      resourceLimits: RESOURCE_LIMITS,
      execArgv: [],
      stdin: false,
      trackUnmanagedFds: true,
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        resolve();
        if (!this.#ended) events.died(this.#failure === '' ? `it exited with code ${code}` : this.#failure);
        this.#ended = true;
      });
    });
    this.#worker.on('error', (error) => {
      this.#failure = String(error);
    });
    this.#worker.on('message', (message: SamplerMessage) => {
      if ('type' in message) events.message(message);
    });
    this.#control = wrap<SamplerControl>(nodeEndpoint(this.#worker));
  }

  /** Resolves when the first sample is on the page. @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED */
  static async start(
    words: Int32Array,
    settings: Settings,
    events: SamplerThreadEvents,
  ): Promise<{ thread: SamplerThread; hasSource: boolean }> {
    let thread: SamplerThread | undefined;
    try {
      const hasSource = await new Promise<boolean>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(samplerFailed('it did not take a first sample in time')),
          CALL_TIMEOUT_MS,
        );
        let ready = false;
        thread = new SamplerThread(words, settings, {
          message(message) {
            if (message.type === 'ready') {
              ready = true;
              clearTimeout(timer);
              resolve(message.hasSource);
            } else events.message(message);
          },
          died(reason) {
            clearTimeout(timer);
            if (ready) events.died(reason);
            else reject(samplerFailed(reason));
          },
        });
      });
      if (thread === undefined) throw samplerFailed('it did not start');
      thread.#worker.unref();
      return { thread, hasSource };
    } catch (error) {
      await thread?.terminate();
      throw error;
    }
  }

  post(message: ThreadMessage): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  /**
   * Makes a control call; the process stays alive until it is answered.
   * @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED when no answer came in time, or the thread ended.
   */
  async call<T>(what: string, make: (control: Remote<SamplerControl>) => Promise<T>): Promise<T> {
    if (this.#ended) throw samplerFailed(`it ended before '${what}'`);
    if (this.#calls++ === 0) this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        make(this.#control),
        new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(samplerFailed(`it did not answer '${what}' in ${CALL_TIMEOUT_MS} ms`)),
            CALL_TIMEOUT_MS,
          );
        }),
        this.#exited.then(() => {
          throw samplerFailed(`it ended during '${what}'`);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      if (--this.#calls === 0) this.#worker.unref();
    }
  }

  /** Ends the thread, whatever it is doing; idempotent. */
  async terminate(): Promise<void> {
    this.#ended = true;
    this.#control[releaseProxy]();
    await this.#worker.terminate();
    this.#worker.removeAllListeners();
  }
}

function samplerFailed(reason: string): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_SAMPLER_FAILED', `The sampler thread failed: ${reason}`);
}
