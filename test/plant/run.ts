import type { EvictionReport } from '#src/core/eviction.js';
import { createPolicy, type PolicyMaker } from '#src/core/policies/create.js';
import type { Settings } from '#src/core/settings.js';
import { HEADER } from '#src/page/layout.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import type { SimulatedCache } from './cache.js';
import { Draw } from './draw.js';
import { type Death, SimulatedProcess } from './process.js';
import type { Scenario } from './scenario.js';
import { type Moment, Witness } from './witness.js';

/** The plant moves on by at most this, and by a part of the time to the next sample. Ms. */
const LONGEST_STEP_MS = 4;
const STEPS_PER_SAMPLE = 4;

/** A timer is late by up to this, and now and then by much more. Ms. */
const USUAL_LATENESS_MS = 1;
const SELDOM_LATENESS_MS = 30;
const SELDOM = 0.01;

/** All that is known of a run. */
export interface Run {
  readonly scenario: Scenario;
  readonly settings: Settings;
  /** By matter: what all threads share first, then the heap of each thread where there are several. */
  readonly matters: readonly (readonly Moment[])[];
  readonly reports: readonly EvictionReport[];
  readonly caches: readonly SimulatedCache[];
  /** What pressure took from the caches of each thread once all must have settled: their cap, mostly. Bytes. */
  readonly takenBytes: readonly number[];
  readonly death: { readonly of: Death; readonly atMs: number } | null;
  /** What was wrong with the first impossible decision; null: none was. */
  readonly fault: string | null;
}

export interface RunOptions {
  /** Makes the policies; default: the ones that the settings name. */
  readonly makePolicy?: PolicyMaker;
  /** What differs from the scenario's own. */
  readonly settings?: Partial<Settings>;
}

/** Runs the whole sampler over a real page against the simulated process, on a virtual clock. */
export function run(scenario: Scenario, options: RunOptions = {}): Run {
  const settings = { ...resolveOptions(scenario.options).settings, ...options.settings };
  const words = createPage();
  const process = new SimulatedProcess(words, scenario, settings.respectCacheLimits);
  const witness = new Witness(options.makePolicy ?? createPolicy, () => process.deadBytes);
  const reports: EvictionReport[] = [];
  let nowMs = 1; // 0 stands for "never" on the page
  const sampler = new Sampler(
    words,
    settings,
    process.sources(),
    witness.makePolicy,
    (message) => {
      if (message.type === 'eviction') reports.push(message.report);
    },
    () => nowMs * 1e3,
  );
  const draw = new Draw(scenario.seed ^ LATENESS_STREAM);
  let samples = 0;
  let rung = samplerBell(words);
  let evictedBefore: readonly number[] | null = null;
  while (nowMs < scenario.endMs && process.death === null) {
    const delayMs = sampler.sample(0, ++samples * scenario.sampleCpuMs * 1e3, false);
    if (evictedBefore === null && nowMs >= scenario.settledMs) evictedBefore = process.evictedBytes;
    const stepMs = Math.min(LONGEST_STEP_MS, Math.max(1, delayMs / STEPS_PER_SAMPLE));
    let dueMs = afterStarvation(scenario, nowMs + delayMs + latenessMs(draw));
    while (nowMs < dueMs && process.death === null) {
      const elapsedMs = Math.min(stepMs, dueMs - nowMs);
      nowMs += elapsedMs;
      process.advance(nowMs, elapsedMs);
      const heard = samplerBell(words);
      if (heard === rung) continue;
      rung = heard;
      sampler.paid();
      const urgentMs = sampler.dueMs(nowMs);
      if (urgentMs === null) continue;
      const broughtForwardMs = afterStarvation(scenario, Math.max(nowMs + settings.minIntervalMs, urgentMs));
      dueMs = Math.min(dueMs, broughtForwardMs);
    }
  }
  const { caches } = process;
  const takenBytes = process.evictedBytes.map((bytes, index) => bytes - (evictedBefore?.[index] ?? bytes));
  process.close();
  const death = process.death === null ? null : { of: process.death, atMs: nowMs };
  return { ...witness.seen(), scenario, settings, reports, caches, takenBytes, death };
}

/** Keeps the draws of the clock apart from those of the scenario. */
const LATENESS_STREAM = 0x5eed;

/** How often threads rang for the sampler: each does when it carried out an order. */
function samplerBell(words: Int32Array): number {
  return Atomics.load(words, HEADER.SAMPLER_BELL);
}

function latenessMs(draw: Draw): number {
  return draw.chance(SELDOM) ? draw.between(0, SELDOM_LATENESS_MS) : draw.between(0, USUAL_LATENESS_MS);
}

function afterStarvation({ starvations }: Scenario, dueMs: number): number {
  const starvation = starvations.find(({ startMs, endMs }) => dueMs >= startMs && dueMs < endMs);
  return starvation?.endMs ?? dueMs;
}
