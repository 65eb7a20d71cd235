import type { Level } from './level.js';
import type { Resource } from './resource.js';

/** One resource as last read. */
export interface ResourceState {
  /** usedBytes / limitBytes, in [0, 1+); up is worse. */
  readonly ratio: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly level: Level;
  /** Milliseconds since the last good reading. */
  readonly ageMs: number;
}

/** `stopped`: the runtime was stopped; `degraded`: a source, or the sampler thread itself, is failing or late. */
export type Health = 'ok' | 'degraded' | 'stopped';

/** A frozen, consistent snapshot of what the sampler last published. */
export interface PressureState {
  readonly level: Level;
  /** Epoch ms at which the level was entered. */
  readonly since: number;
  /** The resource that set the level; null while the level is normal. */
  readonly cause: Resource | null;
  /** By resource name; null: no reading to go by (no limit, unavailable, switched off, or too old). */
  readonly resources: Readonly<Record<string, ResourceState | null>>;
  readonly process: { readonly rssBytes: number; readonly heapUsedBytes: number; readonly externalBytes: number };
  readonly caches: { readonly totalBytes: number; readonly byName: Readonly<Record<string, number>> };
  /** How fast the binding resource is being used up; negative while it is being freed. */
  readonly growthBytesPerSecond: number;
  /** Seconds to the limit of the binding resource at this growth; null: not growing. */
  readonly secondsToLimit: number | null;
  /** PSI shares of the time since the sample before, 0 to 1; null where the kernel has none. */
  readonly stall: { readonly some: number; readonly full: number } | null;
  readonly sampleCount: number;
  /** Epoch ms of the sample. */
  readonly sampledAt: number;
  /** Milliseconds from this sample to the next. */
  readonly intervalMs: number;
  readonly health: Health;
  /** True while a reading injected by a test is in force. */
  readonly simulated: boolean;
}

/** Payload of the `level` event: one transition. */
export interface LevelChange {
  readonly from: Level;
  readonly to: Level;
  /** The resource that set the new level; for a fall to normal, the one that had set the old level. */
  readonly cause: Resource | null;
  /** Ratio of the cause at that moment. */
  readonly ratio: number;
  /** Epoch ms. */
  readonly at: number;
  /** One line for people: what changed, why, and by which number. */
  readonly summary: string;
  readonly state: PressureState;
}

/** Payload of the `health` event. */
export interface HealthChange {
  readonly from: Health;
  readonly to: Health;
  readonly reason: string;
}
