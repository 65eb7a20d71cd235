import type { Cadence } from '../core/cadence.js';
import { createForecast, type Forecast } from '../core/forecast.js';
import { isAtLeast } from '../core/level.js';
import { emptyReading, ratioOf, setOk, setUnlimited } from '../core/reading.js';
import { countsPages } from '../core/refill.js';
import { RESOURCES, type Resource } from '../core/resource.js';
import type { Settings } from '../core/settings.js';
import type { InjectedReading } from '../page/protocol.js';
import type { SourceSet } from '../sources/detect.js';
import { type Assessment, assess, createAssessment, longestAgeUs } from './assessment.js';
import { readWorstHeap } from './heap-reading.js';

/** A pause longer than this between two samples breaks a series: the machine slept. */
const LEAST_GAP_MS = 60_000;
const GAP_CADENCES = 3;

/**
 * While samples come fast, a resource far from its threshold is not read with each of them, but at least this often. A reading costs a few
 * microseconds, and several times that while the processor's caches are cold, as they are after every pause.
 */
export const LEAST_READ_US = 100_000;

/** A resource that asks for at most this many times the shortest delay is read with every sample. */
const NEAR = 2;

/**
 * A rise by this share of the limit from one reading to the next, and at no less than that in so long, may be the beginning of a ramp; for so long it is
 * held to be one, since what is evicted meanwhile hides it. Source: bench/squeeze with 64 KiB beside 1 GB/s, where the look after a first
 * round came 50 to 75 ms later, at `emergency`.
 */
const SUDDEN_RISE_SHARE = 0.005;
const SUDDEN_RISE_US = 100_000;

/**
 * Below `critical` it takes a rise by this share to be held for the beginning of a ramp, since a process may stay there for hours. It is followed on credit
 * for so long, from `warning` on, and so is the crossing of `critical`: the forecast has hardly moved yet, and
 * a process that has been at `warning` for long has no CPU time left to look more often. Source: bench/squeeze with 4 KiB beside 1 GB/s, where the next
 * look came 0.1 s later, at the limit.
 */
const FOLLOWED_RISE_SHARE = 0.01;
const FOLLOWED_US = 500_000;

/** One resource with all that is kept of it between samples. */
export interface Watched {
  readonly assessment: Assessment;
  readonly forecast: Forecast;
  /** What the cadence asked for when it was read last, µs, and when that is over, monotonic µs. */
  delayUs: number;
  wantedUs: number;
  /** The same for what must not be put off even if it costs more than there is; Infinity: nothing is urgent. */
  urgentUs: number;
  /** The same for what rose suddenly, and may be put off once that has cost too much. */
  suspectUs: number;
  /** When it last rose suddenly, and when by as much as to be followed, monotonic µs; to cross `critical` is both. */
  risenUs: number;
  leaptUs: number;
  /** When it is read again, monotonic µs; 0: with the next sample. */
  dueUs: number;
}

/** Every resource, in the order of `RESOURCES`: reads each when it is due, and knows what was read last. Runs where the sampler runs. */
export class Watch {
  readonly #words: Int32Array;
  readonly #settings: Settings;
  readonly #sources: SourceSet;
  readonly #cadence: Cadence;
  readonly #reading = emptyReading();
  readonly all: readonly Watched[];
  readonly assessments: readonly Assessment[];
  /** Readings of a test that stand in for the real ones. */
  injected: readonly InjectedReading[] = [];
  /** Milliseconds from the last sample until a resource must be read again, as `Cadence` means it. */
  wantedMs = 0;
  urgentMs = Number.POSITIVE_INFINITY;
  /** The same of what is followed on suspicion. */
  suspectMs = Number.POSITIVE_INFINITY;
  /** Threads that own caches, at least 1. Writer: the sampler. */
  threads = 1;
  /** Of the resident set: what was given back and is expected to be taken again, so that it is no growth. Writer: the sampler. */
  refillBytes = 0;
  /** Since when samples come without being held up, monotonic µs. Writer: the sampler. */
  awakeUs = 0;
  /** Whether the last `read` read the process itself: what its source saw of the resident set is new. */
  hasReadProcess = false;

  constructor(words: Int32Array, settings: Settings, sources: SourceSet, cadence: Cadence) {
    this.#words = words;
    this.#settings = settings;
    this.#sources = sources;
    this.#cadence = cadence;
    const maxGapMs = Math.max(LEAST_GAP_MS, GAP_CADENCES * settings.updateIntervalMs);
    this.all = RESOURCES.map((resource) => ({
      assessment: createAssessment(resource, thresholdsOf(resource, settings), settings.enableDelta),
      forecast: createForecast({ maxGapMs }),
      delayUs: 0,
      wantedUs: 0,
      urgentUs: Number.POSITIVE_INFINITY,
      suspectUs: Number.POSITIVE_INFINITY,
      risenUs: Number.NEGATIVE_INFINITY,
      leaptUs: Number.NEGATIVE_INFINITY,
      dueUs: 0,
    }));
    this.assessments = this.all.map((watched) => watched.assessment);
  }

  of(resource: Resource): Watched {
    const watched = this.all[RESOURCES.indexOf(resource)];
    if (watched === undefined) throw new RangeError(`Unknown resource ${resource}`);
    return watched;
  }

  isOff(resource: Resource): boolean {
    return resource !== 'injected' && this.#settings.resources[resource] === null;
  }

  /**
   * Reads what is due, or everything; then `wantedMs` and `urgentMs` say when a resource must be read again.
   * @param intervalUs the cadence now: what the age of a reading is held against.
   */
  read(nowUs: number, readsAll: boolean, intervalUs: number): void {
    this.hasReadProcess = false;
    for (const watched of this.all) {
      if (readsAll || nowUs >= watched.dueUs) this.#readOne(watched, nowUs, intervalUs);
    }
    this.#plan(nowUs);
  }

  /** Whether a thread shows a heap at `emergency` that no sample has seen there. */
  seesHeapEnd(nowUs: number, intervalUs: number): boolean {
    const { assessment } = this.of('heap');
    if (assessment.level === 'emergency' || this.isOff('heap') || this.injected.length > 0) return false;
    readWorstHeap(this.#words, this.#reading, nowUs - longestAgeUs('heap', intervalUs));
    return this.#reading.status === 'ok' && ratioOf(this.#reading) >= assessment.thresholds.emergency;
  }

  #readOne(watched: Watched, nowUs: number, intervalUs: number): void {
    const { assessment, forecast } = watched;
    const readUs = this.#fillReading(assessment.resource, nowUs, intervalUs);
    const { readUs: readBeforeUs, usedBytes: usedBeforeBytes, known: wasKnown, level: levelBefore } = assessment;
    assess(assessment, this.#reading, readUs, nowUs, intervalUs, this.awakeUs);
    const { known, level, usedBytes, limitBytes, thresholds } = assessment;
    if (known && assessment.readUs !== readBeforeUs) {
      const comingBytes = countsPages(assessment.resource) ? this.refillBytes : 0;
      forecast.add(readUs / 1e3, usedBytes + comingBytes, limitBytes, thresholds.warning * limitBytes);
    }
    const { growthBytesPerSecond: growth } = forecast;
    const cadence = this.#cadence;
    const isHeap = assessment.resource === 'heap'; // one thread's own, and it rises from one collection to the next
    const growers = isHeap ? 1 : this.threads;
    const spans = Math.max(1, (readUs - readBeforeUs) / SUDDEN_RISE_US);
    const riseShare = wasKnown && !isHeap ? (usedBytes - usedBeforeBytes) / limitBytes / spans : 0;
    const crosses = !isHeap && isAtLeast(level, 'critical') && !isAtLeast(levelBefore, 'critical');
    if (crosses || riseShare > SUDDEN_RISE_SHARE) watched.risenUs = nowUs;
    if (crosses || riseShare > FOLLOWED_RISE_SHARE) watched.leaptUs = nowUs;
    const roseUs = isAtLeast(level, 'critical') ? watched.risenUs : watched.leaptUs;
    const risesSuddenly = nowUs - roseUs < SUDDEN_RISE_US;
    const delayMs = known
      ? cadence.resourceDelayMs(level, usedBytes, limitBytes, thresholds, growth, growers, risesSuddenly)
      : this.#settings.updateIntervalMs;
    const urgentMs = known
      ? cadence.urgentDelayMs(level, usedBytes, limitBytes, thresholds, growth)
      : Number.POSITIVE_INFINITY;
    const isFollowed = known && nowUs - watched.leaptUs < FOLLOWED_US && isAtLeast(level, 'warning');
    watched.delayUs = delayMs * 1e3;
    watched.wantedUs = nowUs + watched.delayUs;
    watched.urgentUs = nowUs + urgentMs * 1e3;
    watched.suspectUs = isFollowed ? watched.wantedUs : Number.POSITIVE_INFINITY;
    watched.dueUs = nowUs + Math.min(LEAST_READ_US, watched.delayUs);
  }

  /** @returns monotonic µs of the reading: heaps were published by their threads some time ago. */
  #fillReading(resource: Resource, nowUs: number, intervalUs: number): number {
    for (const injected of this.injected) {
      if (injected.resource !== resource) continue;
      setOk(this.#reading, injected.usedBytes, injected.limitBytes);
      return nowUs;
    }
    if (!this.isOff(resource) && resource === 'heap')
      return readWorstHeap(this.#words, this.#reading, nowUs - longestAgeUs('heap', intervalUs));
    for (const source of this.#sources.sources) {
      if (source.resource !== resource || this.isOff(resource)) continue;
      source.readInto(this.#reading);
      if (resource === 'process') this.hasReadProcess = true;
      return nowUs;
    }
    setUnlimited(this.#reading, 0); // off, or this platform has no such limit
    return nowUs;
  }

  /** Resources that ask for about the shortest delay are read with the next sample, even if it comes before its time. */
  #plan(nowUs: number): void {
    let wantedUs = Number.POSITIVE_INFINITY;
    let urgentUs = Number.POSITIVE_INFINITY;
    let suspectUs = Number.POSITIVE_INFINITY;
    let shortestUs = Number.POSITIVE_INFINITY;
    for (const watched of this.all) {
      wantedUs = Math.min(wantedUs, watched.wantedUs);
      urgentUs = Math.min(urgentUs, watched.urgentUs);
      suspectUs = Math.min(suspectUs, watched.suspectUs);
      shortestUs = Math.min(shortestUs, watched.delayUs);
    }
    for (const watched of this.all) if (watched.delayUs <= NEAR * shortestUs) watched.dueUs = 0;
    this.wantedMs = Math.max(0, wantedUs - nowUs) / 1e3;
    this.urgentMs = Math.max(0, urgentUs - nowUs) / 1e3;
    this.suspectMs = Math.max(0, suspectUs - nowUs) / 1e3;
  }
}

function thresholdsOf(resource: Resource, settings: Settings): Settings['thresholds'] {
  return (resource === 'injected' ? null : settings.resources[resource]) ?? settings.thresholds;
}
