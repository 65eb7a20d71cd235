import type { Thresholds } from './classifier.js';
import type { Level } from './level.js';
import type { ResourceName } from './resource.js';

/** Share of process RSS that a fractional policy frees at each level; each in (0, 1]. */
export interface EvictionTargets {
  readonly warning: number;
  readonly critical: number;
  readonly emergency: number;
}

/** Names of the policies that spillway brings. */
export const POLICY_NAMES = ['adaptive', 'conservative', 'aggressive'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** What the sampler needs to know: plain data, every default filled in and every value checked by `runtime/options`. */
export interface Settings {
  readonly updateIntervalMs: number;
  readonly minIntervalMs: number;
  /** Share of one core. */
  readonly maxSamplerCpu: number;
  /** Per resource; null: switched off. */
  readonly resources: Readonly<Record<ResourceName, Thresholds | null>>;
  /** Thresholds of a resource without its own, and of the injected one. */
  readonly thresholds: Thresholds;
  readonly enableDelta: number;
  readonly evictionCooldownMs: number;
  readonly autoEviction: boolean;
  /** `custom`: the policy is the user's and decides on the starting thread. */
  readonly evictionPolicy: PolicyName | 'custom';
  readonly evictionTargets: EvictionTargets;
  readonly respectCacheLimits: boolean;
  readonly fallbackWhenUnavailable: boolean;
  readonly collectGarbage: 'auto' | 'never';
  /** Whether V8's flag for the growth of heaps is set: collections may be steered, and the user did not start Node with the flag. */
  readonly setsHeapGrowth: boolean;
  /** The user's own limit on the resident set, bytes; null: none. */
  readonly processLimitBytes: number | null;
  /** Recorded trees to read instead of /proc and /sys/fs/cgroup; null: the real ones. */
  readonly roots: { readonly proc: string; readonly cgroup: string } | null;
}

/** Levels at which a policy may evict, mildest first. */
export const PRESSED_LEVELS = ['warning', 'critical', 'emergency'] as const satisfies readonly Level[];
