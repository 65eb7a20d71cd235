import { type Level, levelCode, levelFromCode } from '../core/level.js';
import { RESOURCES, type Resource } from '../core/resource.js';
import { HEADER, RESOURCE, RESOURCE_COUNT, RESOURCE_WORDS, STATE, STATE_SLOTS, stateOffset } from './layout.js';
import { loadWide, storeWide } from './wide.js';

/** A resource inside a published state. `known` false: no reading to go by, the rest means nothing. */
export interface PublishedResource {
  known: boolean;
  level: Level;
  usedBytes: number;
  limitBytes: number;
  /** As it was classified: the byte counts are rounded. */
  ratio: number;
  readUs: number;
  /** Readings that failed so far; known also where the rest is not. */
  failures: number;
}

/** What the sampler publishes with every sample. One mutable record per side, so that publishing and reading allocate nothing. */
export interface PublishedState {
  level: Level;
  sinceMs: number;
  cause: Resource | null;
  sampleCount: number;
  sampledAtMs: number;
  sampledUs: number;
  intervalUs: number;
  degraded: boolean;
  simulated: boolean;
  growthBytesPerSecond: number;
  /** -1: not growing. */
  msToLimit: number;
  /** Shares 0..1, or -1 where the kernel has none. */
  stallSome: number;
  stallFull: number;
  rssBytes: number;
  samplerCpuUs: number;
  latenessUs: number;
  worstLatenessUs: number;
  /** In the order of `RESOURCES`. */
  readonly resources: readonly PublishedResource[];
}

export function emptyPublishedState(): PublishedState {
  return {
    level: 'normal',
    sinceMs: 0,
    cause: null,
    sampleCount: 0,
    sampledAtMs: 0,
    sampledUs: 0,
    intervalUs: 0,
    degraded: false,
    simulated: false,
    growthBytesPerSecond: 0,
    msToLimit: -1,
    stallSome: -1,
    stallFull: -1,
    rssBytes: 0,
    samplerCpuUs: 0,
    latenessUs: 0,
    worstLatenessUs: 0,
    resources: RESOURCES.map(() => ({
      known: false,
      level: 'normal',
      usedBytes: 0,
      limitBytes: 0,
      ratio: 0,
      readUs: 0,
      failures: 0,
    })),
  };
}

const MILLIONTHS = 1e6;
const RATIO_UNITS = 1e12;

/** How often a reader looks again. It meets a writer in its way once in a while, and never twice in a row in practice. */
const MOST_TRIES = 1000;

/**
 * Publishes a state and bumps the epoch. Sampler only. It writes to the slot that has stood longest and then makes it the one that
 * stands, so a sampler that dies in the middle leaves the last state whole. Partner: `readState`, on any thread.
 */
export function publishState(words: Int32Array, state: PublishedState): void {
  const version = (Atomics.load(words, HEADER.STATE_VERSION) + 1) | 0;
  writeState(words, stateOffset(version), state);
  Atomics.store(words, HEADER.STATE_VERSION, version);
  Atomics.add(words, HEADER.EPOCH, 1);
}

/**
 * Reads the last published state into `into`. Any thread; never blocks.
 * @returns false when no consistent state could be seen; `into` may then be torn and must not be used.
 */
export function readState(words: Int32Array, into: PublishedState): boolean {
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const version = Atomics.load(words, HEADER.STATE_VERSION);
    loadState(words, stateOffset(version), into);
    // The slot is written again only by the state STATE_SLOTS later, which begins once the one before it stands.
    if (((Atomics.load(words, HEADER.STATE_VERSION) - version) | 0) < STATE_SLOTS - 1) return true;
  }
  return false;
}

/**
 * Takes over from a sampler that is no more: reads what it published last into `into`. Only for a sampler that starts.
 * @returns false on a fresh page.
 */
export function adoptState(words: Int32Array, into: PublishedState): boolean {
  return readState(words, into) && into.sampleCount > 0;
}

/** The level alone, consistent by itself. Any thread. */
export function readLevel(words: Int32Array): Level {
  return levelFromCode(Atomics.load(words, stateOffset(Atomics.load(words, HEADER.STATE_VERSION)) + STATE.LEVEL));
}

function writeState(words: Int32Array, at: number, state: PublishedState): void {
  Atomics.store(words, at + STATE.LEVEL, levelCode(state.level));
  storeWide(words, at + STATE.SINCE, state.sinceMs);
  Atomics.store(words, at + STATE.CAUSE, state.cause === null ? -1 : RESOURCES.indexOf(state.cause));
  storeWide(words, at + STATE.SAMPLE_COUNT, state.sampleCount);
  storeWide(words, at + STATE.SAMPLED_AT, state.sampledAtMs);
  storeWide(words, at + STATE.SAMPLED_US, state.sampledUs);
  storeWide(words, at + STATE.INTERVAL_US, state.intervalUs);
  Atomics.store(words, at + STATE.HEALTH, state.degraded ? 1 : 0);
  Atomics.store(words, at + STATE.SIMULATED, state.simulated ? 1 : 0);
  storeWide(words, at + STATE.GROWTH, state.growthBytesPerSecond);
  storeWide(words, at + STATE.MS_TO_LIMIT, state.msToLimit);
  Atomics.store(words, at + STATE.STALL_SOME, toMillionths(state.stallSome));
  Atomics.store(words, at + STATE.STALL_FULL, toMillionths(state.stallFull));
  storeWide(words, at + STATE.RSS, state.rssBytes);
  storeWide(words, at + STATE.SAMPLER_CPU_US, state.samplerCpuUs);
  storeWide(words, at + STATE.LATENESS_US, state.latenessUs);
  storeWide(words, at + STATE.WORST_LATENESS_US, state.worstLatenessUs);
  for (let code = 0; code < RESOURCE_COUNT; code++) {
    const resource = state.resources[code];
    if (resource === undefined) continue;
    const row = resourceOffset(at, code);
    Atomics.store(words, row + RESOURCE.KNOWN, resource.known ? 1 : 0);
    Atomics.store(words, row + RESOURCE.LEVEL, levelCode(resource.level));
    storeWide(words, row + RESOURCE.USED, resource.usedBytes);
    storeWide(words, row + RESOURCE.LIMIT, resource.limitBytes);
    storeWide(words, row + RESOURCE.RATIO, toRatioUnits(resource.ratio));
    storeWide(words, row + RESOURCE.READ_US, resource.readUs);
    storeWide(words, row + RESOURCE.FAILURES, resource.failures);
  }
}

function loadState(words: Int32Array, at: number, into: PublishedState): void {
  const cause = Atomics.load(words, at + STATE.CAUSE);
  into.level = levelFromCode(Atomics.load(words, at + STATE.LEVEL));
  into.sinceMs = loadWide(words, at + STATE.SINCE);
  into.cause = RESOURCES[cause] ?? null;
  into.sampleCount = loadWide(words, at + STATE.SAMPLE_COUNT);
  into.sampledAtMs = loadWide(words, at + STATE.SAMPLED_AT);
  into.sampledUs = loadWide(words, at + STATE.SAMPLED_US);
  into.intervalUs = loadWide(words, at + STATE.INTERVAL_US);
  into.degraded = Atomics.load(words, at + STATE.HEALTH) === 1;
  into.simulated = Atomics.load(words, at + STATE.SIMULATED) === 1;
  into.growthBytesPerSecond = loadWide(words, at + STATE.GROWTH);
  into.msToLimit = loadWide(words, at + STATE.MS_TO_LIMIT);
  into.stallSome = fromMillionths(Atomics.load(words, at + STATE.STALL_SOME));
  into.stallFull = fromMillionths(Atomics.load(words, at + STATE.STALL_FULL));
  into.rssBytes = loadWide(words, at + STATE.RSS);
  into.samplerCpuUs = loadWide(words, at + STATE.SAMPLER_CPU_US);
  into.latenessUs = loadWide(words, at + STATE.LATENESS_US);
  into.worstLatenessUs = loadWide(words, at + STATE.WORST_LATENESS_US);
  for (let code = 0; code < RESOURCE_COUNT; code++) {
    const resource = into.resources[code];
    if (resource === undefined) continue;
    const row = resourceOffset(at, code);
    resource.known = Atomics.load(words, row + RESOURCE.KNOWN) === 1;
    resource.level = levelFromCode(Atomics.load(words, row + RESOURCE.LEVEL));
    resource.usedBytes = loadWide(words, row + RESOURCE.USED);
    resource.limitBytes = loadWide(words, row + RESOURCE.LIMIT);
    resource.ratio = loadWide(words, row + RESOURCE.RATIO) / RATIO_UNITS;
    resource.readUs = loadWide(words, row + RESOURCE.READ_US);
    resource.failures = loadWide(words, row + RESOURCE.FAILURES);
  }
}

function resourceOffset(at: number, code: number): number {
  return at + STATE.RESOURCES + code * RESOURCE_WORDS;
}

/** The word holds ratios up to 9000; a use of more times its limit than that reads as 9007. */
function toRatioUnits(ratio: number): number {
  return Math.min(Math.round(ratio * RATIO_UNITS), Number.MAX_SAFE_INTEGER);
}

function toMillionths(share: number): number {
  return share < 0 ? -1 : Math.round(share * MILLIONTHS);
}

function fromMillionths(word: number): number {
  return word < 0 ? -1 : word / MILLIONTHS;
}
