import type { AlertRule } from '../core/alert-rules.js';
import { DEFAULT_ENABLE_DELTA, DEFAULT_THRESHOLDS, type Thresholds } from '../core/classifier.js';
import type { EvictionPolicy } from '../core/eviction-policy.js';
import { CONSERVATIVE_TARGETS } from '../core/policies/fractional.js';
import { RESOURCE_NAMES, type ResourceName } from '../core/resource.js';
import {
  type EvictionTargets,
  POLICY_NAMES,
  type PolicyName,
  PRESSED_LEVELS,
  type Settings,
} from '../core/settings.js';
import { isHeapGrowthGiven } from '../sources/v8-heap-growth.js';
import { readAlertRules } from './alert-options.js';
import { Section } from './option-section.js';

/** Settings of one resource. */
export interface ResourceOptions {
  readonly thresholds?: Partial<Thresholds>;
}

/** Settings of the `process` resource, which has no limit but the one given here. */
export interface ProcessResourceOptions extends ResourceOptions {
  /** Bytes or a size such as `'512MiB'`. */
  readonly limitBytes: number | string;
}

/**
 * Everything that can be set; every key is optional. Each can also come from the environment as `SPILLWAY_<UPPER_SNAKE>` (JSON
 * for those that are objects); what the code gives wins.
 */
export interface PressureOptions {
  /** `false`: the whole API works, samples nothing and evicts nothing. Default true. */
  readonly enabled?: boolean;
  /** The calm cadence: the longest time between two samples, ms, 10 to 86 400 000. Default 5000. */
  readonly updateIntervalMs?: number;
  /** The shortest time between two samples, ms, 1 to `updateIntervalMs`. Default 10. */
  readonly minIntervalMs?: number;
  /**
   * Share of one core that the sampler may use in the long run, above 0 to 1. The cadence stretches rather than exceed it; danger may borrow
   * what the share is worth in a minute, or 200 usual samples where that is more, which the calm after it pays back. Default 0.01.
   */
  readonly maxSamplerCpu?: number;
  /** Ratio at which each level is entered, above 0 to 1, rising. Default 0.70, 0.80, 0.95. */
  readonly thresholds?: Partial<Thresholds>;
  /** Per resource: `false` switches it off, an object gives it thresholds of its own. Default: all on. */
  readonly resources?: {
    readonly system?: boolean | ResourceOptions;
    readonly container?: boolean | ResourceOptions;
    readonly heap?: boolean | ResourceOptions;
    readonly process?: boolean | ProcessResourceOptions;
  };
  /**
   * `enableDelta`: how far below its threshold a level is released, 0 to below `thresholds.warning`; default 0.05.
   * `evictionCooldownMs`: pause between two rounds of a fractional policy at the same level; default 30 000.
   */
  readonly hysteresis?: { readonly enableDelta?: number; readonly evictionCooldownMs?: number };
  /** `false`: classify and report, evict only when `evict()` is called. Default true. */
  readonly autoEviction?: boolean;
  /** How much is evicted when; default `'adaptive'`. A policy of the user's own decides on the starting thread. */
  readonly evictionPolicy?: PolicyName | EvictionPolicy;
  /** Share of process RSS that the conservative policy frees at each level, above 0 to 1, not falling. */
  readonly evictionTargets?: Partial<EvictionTargets>;
  /** Never evict a cache below its `minBytes`. Default true. */
  readonly respectCacheLimits?: boolean;
  /** A missing source degrades the runtime; `false`: starting without any source of memory throws. Default true. */
  readonly fallbackWhenUnavailable?: boolean;
  /** May a collection be asked for after an eviction: within a duty cap, or never. Default `'auto'`. */
  readonly collectGarbage?: 'auto' | 'never';
  /** Rules of alerts; default: the built-in ones, see `defaultAlertRules`; `false`: none. */
  readonly alerts?: readonly AlertRule[] | boolean;
  /**
   * Lets `spillway ps`, `status --pid`, `watch --pid` and `dashboard --pid` of the same user look at this process, through a
   * socket that only that user can open. Default false.
   */
  readonly inspect?: boolean;
  /** Stops the runtime when aborted. */
  readonly signal?: AbortSignal;
  /** Recorded trees to read instead of `/proc` and `/sys/fs/cgroup`, for tests. */
  readonly roots?: { readonly proc: string; readonly cgroup: string };
}

/** Options after validation, with every default filled in. */
export interface ResolvedOptions {
  readonly enabled: boolean;
  readonly settings: Settings;
  readonly policy: EvictionPolicy | null;
  readonly alertRules: readonly AlertRule[];
  readonly inspect: boolean;
  readonly signal: AbortSignal | null;
}

/** The longest cadence: a day. Longer delays do not fit a Node timer (2^31 ms) with room to spare. */
const LONGEST_INTERVAL_MS = 86_400_000;

/** Every option there is. */
export const OPTION_NAMES = [
  'enabled',
  'updateIntervalMs',
  'minIntervalMs',
  'maxSamplerCpu',
  'thresholds',
  'resources',
  'hysteresis',
  'autoEviction',
  'evictionPolicy',
  'evictionTargets',
  'respectCacheLimits',
  'fallbackWhenUnavailable',
  'collectGarbage',
  'alerts',
  'inspect',
  'signal',
  'roots',
] as const satisfies readonly (keyof PressureOptions)[];

/**
 * Checks options, takes what they lack from the environment, and fills in the defaults. The caller's object is not changed.
 * @param execArgv that Node was started with: what the user says there of V8 is left alone.
 * @throws SpillwayError ERR_SPILLWAY_OPTION with the path, what was expected and what was given.
 */
export function resolveOptions(
  given: unknown,
  environment: NodeJS.ProcessEnv = {},
  execArgv: readonly string[] = [],
): ResolvedOptions {
  const root = new Section('options', given === undefined ? {} : given);
  root.allow(OPTION_NAMES);
  const { values, origins } = fromEnvironment(environment);
  const options = root.withDefaults(values, origins);

  const updateIntervalMs = options.number('updateIntervalMs', 5000, { least: 10, most: LONGEST_INTERVAL_MS });
  const minIntervalMs = options.number('minIntervalMs', Math.min(10, updateIntervalMs), {
    least: 1,
    most: updateIntervalMs,
  });
  const thresholds = readThresholds(options.section('thresholds'), DEFAULT_THRESHOLDS);
  const hysteresis = options.section('hysteresis');
  hysteresis.allow(['enableDelta', 'evictionCooldownMs']);
  const enableDelta = hysteresis.number('enableDelta', DEFAULT_ENABLE_DELTA, { least: 0, below: thresholds.warning });
  const { resources, processLimitBytes } = readResources(options, thresholds, enableDelta);
  const policy = readPolicy(options);
  const autoEviction = options.boolean('autoEviction', true);
  const collectGarbage = options.choice('collectGarbage', ['auto', 'never'], 'auto');

  return {
    enabled: options.boolean('enabled', true),
    settings: {
      updateIntervalMs,
      minIntervalMs,
      maxSamplerCpu: options.number('maxSamplerCpu', 0.01, { above: 0, most: 1 }),
      resources,
      thresholds,
      enableDelta,
      evictionCooldownMs: hysteresis.number('evictionCooldownMs', 30_000, { least: 0, most: LONGEST_INTERVAL_MS }),
      autoEviction,
      evictionPolicy: typeof policy === 'string' ? policy : 'custom',
      evictionTargets: readTargets(options.section('evictionTargets')),
      respectCacheLimits: options.boolean('respectCacheLimits', true),
      fallbackWhenUnavailable: options.boolean('fallbackWhenUnavailable', true),
      collectGarbage,
      setsHeapGrowth: autoEviction && collectGarbage === 'auto' && !isHeapGrowthGiven(execArgv),
      processLimitBytes,
      roots: readRoots(options),
    },
    policy: typeof policy === 'string' ? null : policy,
    alertRules: readAlertRules(options, { resources, enableDelta }),
    inspect: options.boolean('inspect', false),
    signal: readSignal(options),
  };
}

function readThresholds(section: Section, defaults: Thresholds): Thresholds {
  section.allow(PRESSED_LEVELS);
  const thresholds = {
    warning: section.number('warning', defaults.warning, { above: 0, most: 1 }),
    critical: section.number('critical', defaults.critical, { above: 0, most: 1 }),
    emergency: section.number('emergency', defaults.emergency, { above: 0, most: 1 }),
  };
  if (thresholds.warning >= thresholds.critical)
    section.refuse('warning', `below critical (${thresholds.critical})`, thresholds.warning);
  if (thresholds.critical >= thresholds.emergency)
    section.refuse('critical', `below emergency (${thresholds.emergency})`, thresholds.critical);
  return thresholds;
}

function readTargets(section: Section): EvictionTargets {
  section.allow(PRESSED_LEVELS);
  const targets = {
    warning: section.number('warning', CONSERVATIVE_TARGETS.warning, { above: 0, most: 1 }),
    critical: section.number('critical', CONSERVATIVE_TARGETS.critical, { above: 0, most: 1 }),
    emergency: section.number('emergency', CONSERVATIVE_TARGETS.emergency, { above: 0, most: 1 }),
  };
  if (targets.warning > targets.critical)
    section.refuse('warning', `at most critical (${targets.critical})`, targets.warning);
  if (targets.critical > targets.emergency)
    section.refuse('critical', `at most emergency (${targets.emergency})`, targets.critical);
  return targets;
}

function readResources(options: Section, thresholds: Thresholds, enableDelta: number) {
  const section = options.section('resources');
  section.allow(RESOURCE_NAMES);
  let processLimitBytes: number | null = null;
  const read = (name: ResourceName): Thresholds | null => {
    if (section.value(name) === false) return null;
    if (section.value(name) === true || section.value(name) === undefined) return thresholds;
    const resource = section.section(name);
    resource.allow(name === 'process' ? ['thresholds', 'limitBytes'] : ['thresholds']);
    if (name === 'process') processLimitBytes = resource.bytes('limitBytes');
    const own = readThresholds(resource.section('thresholds'), thresholds);
    if (own.warning <= enableDelta)
      resource.refuse('thresholds.warning', `above hysteresis.enableDelta (${enableDelta})`, own.warning);
    return own;
  };
  const resources = {
    system: read('system'),
    container: read('container'),
    heap: read('heap'),
    process: read('process'),
  };
  return { resources, processLimitBytes };
}

function readPolicy(options: Section): PolicyName | EvictionPolicy {
  const given = options.value('evictionPolicy');
  const value = given === undefined ? 'adaptive' : given;
  const named = POLICY_NAMES.find((name) => name === value);
  if (named !== undefined) return named;
  if (isPolicy(value)) return value;
  return options.refuse(
    'evictionPolicy',
    `one of ${POLICY_NAMES.join(', ')} or an object with name and decide()`,
    value,
  );
}

function isPolicy(value: unknown): value is EvictionPolicy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    value.name !== '' &&
    'decide' in value &&
    typeof value.decide === 'function'
  );
}

function readSignal(options: Section): AbortSignal | null {
  const value = options.value('signal');
  if (value === undefined) return null;
  return value instanceof AbortSignal ? value : options.refuse('signal', 'an AbortSignal', value);
}

function readRoots(options: Section): Settings['roots'] {
  if (options.value('roots') === undefined) return null;
  const roots = options.section('roots');
  roots.allow(['proc', 'cgroup']);
  return { proc: roots.path('proc'), cgroup: roots.path('cgroup') };
}

/** Options that cannot be written down in an environment variable. */
const CODE_ONLY: readonly string[] = ['signal'];
const SWITCHES: readonly string[] = [
  'enabled',
  'autoEviction',
  'respectCacheLimits',
  'fallbackWhenUnavailable',
  'alerts',
  'inspect',
] satisfies (keyof PressureOptions)[];

/** The variable that an option can come from: `SPILLWAY_<UPPER_SNAKE>`. */
export function variableOf(option: string): string {
  return `SPILLWAY_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What the environment sets, by option name; what cannot be understood stays text, and fails the same checks as in code. */
function fromEnvironment(environment: NodeJS.ProcessEnv) {
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const name of OPTION_NAMES) {
    const variable = variableOf(name);
    const text = environment[variable];
    if (CODE_ONLY.includes(name) || text === undefined || text === '') continue;
    const isDigit = SWITCHES.includes(name) && (text === '1' || text === '0');
    values[name] = isDigit ? text === '1' : parseText(text);
    origins[name] = variable;
  }
  return { values, origins };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a plain word, such as a policy's name
  }
}
