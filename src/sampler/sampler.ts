import { type Cadence, createCadence } from '../core/cadence.js';
import type { EvictionReport } from '../core/eviction.js';
import type { PolicyDecision, WatchedResource } from '../core/eviction-policy.js';
import { type Level, levelCode } from '../core/level.js';
import type { PolicyMaker } from '../core/policies/create.js';
import { decidingVote } from '../core/pressure.js';
import type { Resource } from '../core/resource.js';
import type { Settings } from '../core/settings.js';
import { formatBytes, formatRatio } from '../core/units.js';
import { loadTidings } from '../page/bell.js';
import { rowsWithCaches } from '../page/cache-rows.js';
import { monotonicUs } from '../page/clock.js';
import type { InjectedReading, LevelNotice, SamplerMessage } from '../page/protocol.js';
import { adoptState, emptyPublishedState, publishState } from '../page/state-codec.js';
import type { ThreadClaim } from '../page/thread-rows.js';
import type { SourceSet } from '../sources/detect.js';
import { Admissions } from './admissions.js';
import { type Assessment, LEAST_AGE_US, leastRoom } from './assessment.js';
import { Deaths } from './deaths.js';
import { FreePages } from './free-pages.js';
import { Guards } from './guards.js';
import { SampleBells } from './sample-bells.js';
import { Steering } from './steering.js';
import { LEAST_READ_US, Watch } from './watch.js';

/** Samples that threads ask for are not closer than so many times the shortest interval: asking must not cost more than looking. */
const LEAST_ASKED_INTERVALS = 2;

/** The time of a sample that waits for nothing. */
export const AT_ONCE_MS = 0;

/**
 * One sample after another: reads every source, classifies, forecasts, steers the caches, publishes, and says when to look
 * again. Knows no thread and no timer: it runs on the sampler thread, or in the starting thread where that cannot be kept alive.
 */
export class Sampler {
  readonly #words: Int32Array;
  readonly #settings: Settings;
  readonly #sources: SourceSet;
  readonly #post: (message: SamplerMessage) => void;
  readonly #clockUs: () => number;
  readonly #watch: Watch;
  readonly #cadence: Cadence;
  readonly #freePages: FreePages;
  readonly #steering: Steering;
  readonly #deaths: Deaths;
  readonly #admissions: Admissions;
  readonly #guards: Guards;
  readonly #bells: SampleBells;
  readonly #stall = { some: -1, full: -1 };
  readonly #state = emptyPublishedState();
  /** When what is only shown is read again, monotonic µs. */
  #shownDueUs = 0;
  /** When the resident set was read last, monotonic µs. */
  #rssReadUs = 0;
  /** What had been asked for when the last sample began. */
  #tidings = 0;
  #level: Level = 'normal';
  #cause: Resource | null = null;
  /** A transition that is posted once the state that it led to is published. */
  #pendingNotice: LevelNotice | null = null;

  /** @param clockUs monotonic µs, the clock that every thread publishes by; only a simulated process brings another. */
  constructor(
    words: Int32Array,
    settings: Settings,
    sources: SourceSet,
    makePolicy: PolicyMaker,
    post: (message: SamplerMessage) => void,
    clockUs: () => number = monotonicUs,
  ) {
    this.#clockUs = clockUs;
    this.#words = words;
    this.#settings = settings;
    this.#sources = sources;
    this.#post = post;
    this.#cadence = createCadence(settings);
    this.#watch = new Watch(words, settings, sources, this.#cadence);
    this.#deaths = new Deaths(words, post);
    this.#admissions = new Admissions(words);
    this.#guards = new Guards(words);
    this.#bells = new SampleBells(words);
    this.#freePages = new FreePages(words, sources, clockUs);
    this.#steering = new Steering(words, settings, makePolicy, this.#freePages, sources.setHeapGrowth, post);
    if (this.#resume()) this.#steering.resume();
    else this.#state.sinceMs = Date.now();
  }

  /** CPU time of earlier samplers of the same runtime, µs. */
  get inheritedCpuUs(): number {
    return this.#state.samplerCpuUs;
  }

  /** What the sampler thread did beside sampling so far, µs: pages that it gave back to the system. */
  get asideUs(): number {
    return this.#freePages.spentUs;
  }

  /** Whether any source of memory gave a reading with the last sample, with or without a limit. */
  get hasSource(): boolean {
    return this.#watch.assessments.some((assessment) => assessment.known);
  }

  /**
   * Takes a sample.
   * @param latenessUs how much later than planned this sample is.
   * @param cpuUs CPU time of the sampler so far.
   * @param asked somebody asked for it: read every resource, whether or not it is due.
   * @returns milliseconds to the next sample.
   */
  sample(latenessUs: number, cpuUs: number, asked: boolean): number {
    const nowUs = this.#clockUs();
    const nowMs = nowUs / 1e3;
    const readsAll = asked || this.#steering.isLookDue(nowMs);
    this.#deaths.look(nowUs);
    this.#admissions.beforeSample();
    if (latenessUs > LEAST_AGE_US) this.#watch.awakeUs = nowUs;
    this.#tidings = loadTidings(this.#words);
    this.#steering.beforeSample();
    this.#freePages.beforeSample(nowMs, this.#watch.injected.length > 0);
    this.#watch.refillBytes = this.#freePages.refillBytes;
    this.#watch.threads = Math.max(1, rowsWithCaches(this.#words).length);
    this.#watch.read(nowUs, readsAll, this.#state.intervalUs);
    this.#classify();
    const binding = this.#bindingResource();
    const growth = binding === null ? 0 : this.#watch.of(binding.resource).forecast.growthBytesPerSecond;
    const seconds = binding === null ? null : this.#watch.of(binding.resource).forecast.secondsToLimit;
    const state = this.#state;
    if (readsAll || nowUs >= this.#shownDueUs) {
      this.#shownDueUs = nowUs + LEAST_READ_US;
      this.#sources.stall.readInto(this.#stall, nowUs);
      this.#tookRss(this.#sources.rssBytes(), nowUs);
    } else if (this.#watch.hasReadProcess) this.#tookRss(this.#sources.seenRssBytes(), nowUs);
    state.sampleCount++;
    state.sampledAtMs = Date.now();
    state.sampledUs = nowUs;
    state.growthBytesPerSecond = Math.round(growth);
    state.msToLimit = seconds === null ? -1 : Math.round(seconds * 1e3);
    state.stallSome = this.#stall.some;
    state.stallFull = this.#stall.full;
    state.samplerCpuUs = Math.round(cpuUs);
    state.latenessUs = Math.round(latenessUs);
    state.worstLatenessUs = Math.max(state.worstLatenessUs, state.latenessUs);
    state.simulated = this.#watch.injected.length > 0;
    const delayMs = this.#nextDelayMs(nowMs, cpuUs);
    state.intervalUs = Math.round(delayMs * 1e3);
    this.#publish(nowMs, binding, growth);
    this.#bells.ring({ nowMs, sampleCount: this.#state.sampleCount, resources: this.#watch.assessments, asked });
    return this.#notLater(delayMs, this.#steering.lookDueMs(nowMs), nowMs); // a collection may just have been seen
  }

  /** Readings that replace the real ones from the next sample on; none: back to the real ones. */
  inject(readings: readonly InjectedReading[]): void {
    this.#watch.injected = readings;
  }

  /**
   * Monotonic ms at which a sample is due whatever the cadence says: an eviction is under way, or a thread asked for one; null: none is.
   * A heap that has just come to its end is not made to wait: V8 may abort within milliseconds.
   */
  dueMs(nowMs: number): number | null {
    const dueMs = this.#steering.dueMs(nowMs);
    if (loadTidings(this.#words) === this.#tidings) return dueMs;
    if (this.#watch.seesHeapEnd(nowMs * 1e3, this.#state.intervalUs)) return AT_ONCE_MS;
    const askedMs = this.#state.sampledUs / 1e3 + LEAST_ASKED_INTERVALS * this.#settings.minIntervalMs;
    return dueMs === null ? askedMs : Math.min(dueMs, askedMs);
  }

  /** A thread ended: its rows are free, and a round does not wait for it. */
  threadEnded(claim: ThreadClaim): void {
    if (this.#deaths.bury(claim)) this.#steering.advance(monotonicUs() / 1e3);
  }

  /** A thread paid: look at the receipts at once. */
  paid(): void {
    this.#steering.advance(this.#clockUs() / 1e3);
  }

  evict(bytes: number, level: Level | null): Promise<EvictionReport> {
    return this.#steering.evict(bytes, level, this.#clockUs() / 1e3);
  }

  /** What a user's own policy, which decides on another thread, decided on the last sample. */
  follow(decision: PolicyDecision, policy: string): void {
    this.#steering.follow(decision, policy, this.#clockUs() / 1e3);
  }

  /** Completes what is open and closes every source. */
  stop(): void {
    this.#steering.stop(this.#clockUs() / 1e3);
    this.#sources.close();
  }

  #tookRss(rssBytes: number, nowUs: number): void {
    if (!Number.isFinite(rssBytes)) return;
    this.#state.rssBytes = rssBytes;
    this.#rssReadUs = nowUs;
  }

  /**
   * Goes on where a sampler that died left off: its level holds until a reading says otherwise, so nobody is told of a transition that
   * was none.
   */
  #resume(): boolean {
    const state = this.#state;
    if (!adoptState(this.#words, state)) return false;
    this.#level = state.level;
    this.#cause = state.cause;
    for (const [code, { assessment }] of this.#watch.all.entries()) {
      const published = state.resources[code];
      if (published === undefined) continue;
      assessment.failures = published.failures;
      if (!published.known) continue;
      assessment.known = true;
      assessment.level = published.level;
      assessment.usedBytes = published.usedBytes;
      assessment.limitBytes = published.limitBytes;
      assessment.ratio = published.ratio;
      assessment.readUs = published.readUs;
    }
    return true;
  }

  #classify(): void {
    const vote = decidingVote(this.#watch.assessments, this.#cause);
    const to = vote?.level ?? 'normal';
    const from = this.#level;
    const causeBefore = this.#cause;
    this.#cause = vote?.resource ?? null;
    this.#state.cause = this.#cause;
    if (to === from) return;
    this.#level = to;
    this.#state.level = to;
    this.#state.sinceMs = Date.now();
    const cause = this.#cause ?? causeBefore;
    const assessment = cause === null ? undefined : this.#watch.of(cause).assessment;
    this.#pendingNotice = {
      from,
      to,
      cause,
      ratio: assessment?.ratio ?? 0,
      at: this.#state.sinceMs,
      summary: summarize(from, to, assessment),
    };
  }

  #publish(nowMs: number, binding: WatchedResource | null, growthBytesPerSecond: number): void {
    const state = this.#state;
    for (const [code, { assessment }] of this.#watch.all.entries()) {
      const published = state.resources[code];
      if (published === undefined) continue;
      published.known = assessment.known;
      published.level = assessment.level;
      published.usedBytes = Math.round(assessment.usedBytes);
      published.limitBytes = Math.round(assessment.limitBytes);
      published.ratio = assessment.ratio;
      published.readUs = assessment.readUs;
      published.failures = assessment.failures;
    }
    this.#updateHealth();
    this.#guards.publish(nowMs, this.#watch.assessments, this.#watch.threads, this.#settings.autoEviction);
    this.#admissions.afterSample(this.#watch.assessments);
    publishState(this.#words, state);
    if (this.#pendingNotice !== null) {
      this.#post({ type: 'level', notice: this.#pendingNotice });
      this.#pendingNotice = null;
    }
    this.#steering.steer({
      nowMs,
      at: state.sampledAtMs,
      level: state.level,
      cause: state.cause,
      resources: this.#watch.assessments,
      binding,
      rssBytes: state.rssBytes,
      rssReadMs: this.#rssReadUs / 1e3,
      growthBytesPerSecond,
      intervalUs: state.intervalUs,
      threads: this.#watch.threads,
    });
  }

  /** Degraded while a source that should give readings is failing for too long. */
  #updateHealth(): void {
    const failing = this.#watch.assessments.find((assessment) => assessment.failure !== '' && !assessment.known);
    const degraded = failing !== undefined && !this.#watch.isOff(failing.resource);
    if (degraded === this.#state.degraded) return;
    this.#state.degraded = degraded;
    const reason = degraded ? `${failing.resource}: ${failing.failure}` : 'all sources are read again';
    const [from, to] = degraded ? (['ok', 'degraded'] as const) : (['degraded', 'ok'] as const);
    this.#post({ type: 'health', from, to, reason });
  }

  #nextDelayMs(nowMs: number, cpuUs: number): number {
    const stallSome = this.#stall.some < 0 ? null : this.#stall.some;
    const { wantedMs, urgentMs, suspectMs } = this.#watch;
    const delayMs = this.#cadence.nextDelayMs(wantedMs, urgentMs, suspectMs, nowMs, cpuUs / 1e3, stallSome);
    return this.#notLater(delayMs, this.#steering.dueMs(nowMs), nowMs);
  }

  #notLater(delayMs: number, dueMs: number | null, nowMs: number): number {
    return dueMs === null ? delayMs : Math.min(delayMs, Math.max(this.#settings.minIntervalMs, dueMs - nowMs));
  }

  /** The cause, else the known resource with the least room below its warning threshold. */
  #bindingResource(): WatchedResource | null {
    const cause = this.#watch.assessments.find(({ known, resource }) => known && resource === this.#cause);
    return cause ?? leastRoom(this.#watch.assessments);
  }
}

function summarize(from: Level, to: Level, cause: Assessment | undefined): string {
  if (cause === undefined || !cause.known) return `memory pressure ${from} -> ${to}`;
  const { resource, ratio, usedBytes, limitBytes, thresholds } = cause;
  const used = `${resource} at ${formatRatio(ratio)} (${formatBytes(usedBytes)} of ${formatBytes(limitBytes)})`;
  if (levelCode(to) < levelCode(from)) return `memory pressure ${from} -> ${to}: ${used}`;
  const threshold = to === 'normal' ? '' : `, ${to} from ${formatRatio(thresholds[to])}`;
  return `memory pressure ${from} -> ${to}: ${used}${threshold}`;
}
