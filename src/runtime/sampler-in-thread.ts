import type { DecisionMessage, SamplerControl } from '../page/protocol.js';
import { type SamplingSite, startSampling } from '../sampler/site.js';
import { type HostOptions, type SamplerHost, samplerFailed } from './sampler-host.js';

/**
 * The sampler in the thread that started the runtime, at the calm cadence: the last resort where a thread of its own cannot be kept
 * alive. It sees nothing while that thread's event loop is blocked.
 */
export class InThreadSampler implements SamplerHost {
  readonly #site: SamplingSite;
  #ended = false;

  private constructor(site: SamplingSite) {
    this.#site = site;
  }

  /** @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED */
  static async start({ words, settings, injected, onMessage }: HostOptions): Promise<InThreadSampler> {
    try {
      const site = await startSampling(words, {
        settings,
        injected,
        ownThread: false,
        // As between threads, a message arrives after the work that sent it, and before the answer to the call that caused it.
        post: (message) => queueMicrotask(() => onMessage(message)),
      });
      return new InThreadSampler(site);
    } catch (cause) {
      throw samplerFailed(`it cannot run in the starting thread either: ${String(cause)}`, cause);
    }
  }

  get hasSource(): boolean {
    return this.#site.hasSource;
  }

  post(message: DecisionMessage): void {
    if (!this.#ended) this.#site.receive(message);
  }

  async call<T>(what: string, make: (control: SamplerControl) => Promise<T>): Promise<T> {
    if (this.#ended) throw samplerFailed(`it ended before '${what}'`);
    return make(this.#site.control);
  }

  async terminate(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#site.control.stop();
  }
}
