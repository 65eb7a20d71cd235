import type { AlertChange } from '../core/alert-rules.js';
import type { EvictionReport } from '../core/eviction.js';
import type { PolicyDecision, PolicyInput } from '../core/eviction-policy.js';
import type { Level } from '../core/level.js';
import type { Resource } from '../core/resource.js';
import type { Settings } from '../core/settings.js';
import type { Health, LevelChange } from '../core/state.js';

/** A transition as it is posted; the receiver adds the state that it finds on the page. */
export type LevelNotice = Omit<LevelChange, 'state'>;

/** What the sampler posts to every thread with a runtime. */
export type SamplerMessage =
  | { readonly type: 'level'; readonly notice: LevelNotice }
  /** The first sample is on the page; `hasSource`: at least one resource could be read. */
  | { readonly type: 'ready'; readonly hasSource: boolean }
  /** What a policy of the user's own sees of a sample; it decides on the starting thread. */
  | { readonly type: 'observation'; readonly input: PolicyInput }
  | { readonly type: 'eviction'; readonly report: EvictionReport }
  | { readonly type: 'settled'; readonly report: EvictionReport }
  | { readonly type: 'health'; readonly from: Health; readonly to: Health; readonly reason: string }
  | {
      readonly type: 'error';
      readonly code: 'ERR_SPILLWAY_SOURCE' | 'ERR_SPILLWAY_CACHE_FAILED' | 'ERR_SPILLWAY_RESERVATION';
      readonly message: string;
    };

/** What the starting thread posts to the sampler: what a policy of the user's own decided on the last observation. */
export interface DecisionMessage {
  readonly type: 'decision';
  readonly decision: PolicyDecision;
  readonly policy: string;
}

/** What goes to every thread that listens: of the sampler, of the starting thread (`health`, `alert`), and of a thread that asks the sampler. */
export type BroadcastMessage =
  | Extract<SamplerMessage, { type: 'level' | 'eviction' | 'settled' | 'error' | 'health' }>
  | { readonly type: 'alert'; readonly change: AlertChange }
  | {
      readonly type: 'evict';
      readonly asker: EvictionTicket;
      readonly bytes: number;
      readonly level: Level | null;
    }
  | { readonly type: 'evicted'; readonly asker: EvictionTicket; readonly report: EvictionReport };

/** Whose call of `evict()` it is: the generation of the asking thread's row, and a number of its own. */
export interface EvictionTicket {
  readonly generation: number;
  readonly call: number;
}

/** A reading that a test puts in place of the real one of that resource. Bytes. */
export interface InjectedReading {
  readonly resource: Resource;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** The control calls of the sampler; over comlink where it runs on a thread of its own. */
export interface SamplerControl {
  /** Resolves when the round has ended. Joins a round that is under way. */
  evict(bytes: number, level: Level | null): Promise<EvictionReport>;
  /** Replaces readings from the next sample on, which it takes at once; null puts the real ones back. */
  inject(readings: readonly InjectedReading[] | null): Promise<void>;
  /** Takes a sample now. */
  sampleNow(): Promise<void>;
  /** Ends sampling and closes every descriptor. */
  stop(): Promise<void>;
}

/** What the sampler's thread is started with. */
export interface SamplerWorkerData {
  readonly page: SharedArrayBuffer;
  readonly settings: Settings;
  /** Readings of a test that were in force when an earlier sampler died. */
  readonly injected: readonly InjectedReading[];
}
