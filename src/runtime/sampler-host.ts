import { SpillwayError } from '../core/errors.js';
import type { Settings } from '../core/settings.js';
import type { DecisionMessage, InjectedReading, SamplerControl, SamplerMessage } from '../page/protocol.js';

/** A running sampler, wherever it runs. Used on the thread that started the runtime. */
export interface SamplerHost {
  /** Whether its first sample found any source of memory. */
  readonly hasSource: boolean;
  post(message: DecisionMessage): void;
  /**
   * Makes a control call; the process stays alive until it is answered.
   * @param what for the error message; `timeoutMs`: how long an answer may take, where that is not the usual time.
   * @throws SpillwayError ERR_SPILLWAY_SAMPLER_FAILED when no answer came in time, or the sampler ended.
   */
  call<T>(what: string, make: (control: SamplerControl) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Ends it, whatever it is doing; idempotent. */
  terminate(): Promise<void>;
}

/** What a sampler is started with. */
export interface HostOptions {
  readonly words: Int32Array;
  readonly settings: Settings;
  /** Readings of a test that are in force from the first sample on. */
  readonly injected: readonly InjectedReading[];
  readonly onMessage: (message: SamplerMessage) => void;
}

export function samplerFailed(reason: string, cause?: unknown): SpillwayError {
  const options = cause === undefined ? undefined : { cause };
  return new SpillwayError('ERR_SPILLWAY_SAMPLER_FAILED', `The sampler failed: ${reason}`, options);
}
