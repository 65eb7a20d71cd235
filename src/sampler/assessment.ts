import type { Thresholds } from '../core/classifier.js';
import { classify } from '../core/classifier.js';
import type { WatchedResource } from '../core/eviction-policy.js';
import type { Vote } from '../core/pressure.js';
import { type Reading, ratioOf, rejectImpossible } from '../core/reading.js';
import type { Resource } from '../core/resource.js';
import { HEAP_BEAT_MS } from '../page/thread-rows.js';

/** A last good reading older than this many cadences abstains, though never sooner than `LEAST_AGE_US`. Source: CONTRACT §3. */
const STALE_CADENCES = 3;
export const LEAST_AGE_US = 1e6;

/**
 * A heap comes as often as its thread shows it, however often the sampler looks: one that comes with every second beat is not late. So a
 * thread that is busy for a second makes nothing stale.
 */
const HEAP_CADENCE_US = 2 * HEAP_BEAT_MS * 1e3;

/** Beyond this age a good reading abstains, µs. @param intervalUs the cadence now. */
export function longestAgeUs(resource: Resource, intervalUs: number): number {
  const cadenceUs = resource === 'heap' ? Math.max(HEAP_CADENCE_US, intervalUs) : intervalUs;
  return Math.max(STALE_CADENCES * cadenceUs, LEAST_AGE_US);
}

/** What the sampler knows of one resource from sample to sample. A vote that remembers its last good reading. */
export interface Assessment extends Vote, WatchedResource {
  readonly thresholds: Thresholds;
  readonly enableDelta: number;
  known: boolean;
  usedBytes: number;
  limitBytes: number;
  /** Monotonic µs of the last good reading. */
  readUs: number;
  /** Readings that failed so far, and why the last one did; '' while it is good. */
  failures: number;
  failure: string;
}

export function createAssessment(resource: Resource, thresholds: Thresholds, enableDelta: number): Assessment {
  return {
    resource,
    thresholds,
    enableDelta,
    known: false,
    level: 'normal',
    ratio: 0,
    usedBytes: 0,
    limitBytes: 0,
    readUs: 0,
    failures: 0,
    failure: '',
  };
}

/**
 * Takes a reading into account: a good one sets ratio and level; a failed or impossible one is counted, and leaves the last
 * good one in force until it is too old, which is a failure too; one without a limit makes the resource abstain.
 * @param readUs when it was read; `intervalUs`: the cadence now; `awakeUs`: since when the sampler has been taking its samples without
 * being held up: what grew old while the whole process slept is no failure of its source.
 */
export function assess(
  assessment: Assessment,
  reading: Reading,
  readUs: number,
  nowUs: number,
  intervalUs: number,
  awakeUs: number,
): void {
  rejectImpossible(reading);
  if (reading.status === 'ok') {
    assessment.failure = '';
    assessment.known = true;
    assessment.usedBytes = reading.usedBytes;
    assessment.limitBytes = reading.limitBytes;
    assessment.readUs = readUs;
    assessment.ratio = ratioOf(reading);
    assessment.level = classify(assessment.level, assessment.ratio, assessment.thresholds, assessment.enableDelta);
  } else if (reading.status === 'unlimited') {
    assessment.failure = '';
    abstain(assessment);
  } else {
    assessment.failures++;
    assessment.failure = reading.reason;
  }
  if (!assessment.known || !isStale(assessment, nowUs, intervalUs, awakeUs)) return;
  abstain(assessment);
  if (assessment.failure !== '') return;
  assessment.failures++;
  assessment.failure = `nothing new for ${Math.round((nowUs - assessment.readUs) / 1e3)} ms`;
}

/** Whether the last good reading is too old to go by. */
function isStale({ resource, readUs }: Assessment, nowUs: number, intervalUs: number, awakeUs: number): boolean {
  return nowUs - Math.max(readUs, awakeUs) > longestAgeUs(resource, intervalUs);
}

function abstain(assessment: Assessment): void {
  assessment.known = false;
  assessment.level = 'normal';
  assessment.ratio = 0;
}

/** The known resource with the least room below its warning threshold; null: nothing has a limit. */
export function leastRoom(assessments: readonly Assessment[]): Assessment | null {
  return assessments.reduce<Assessment | null>(
    (least, assessment) =>
      assessment.known && (least === null || roomBytes(assessment) < roomBytes(least)) ? assessment : least,
    null,
  );
}

/** Bytes to the warning threshold; negative past it. */
function roomBytes({ thresholds, limitBytes, usedBytes }: Assessment): number {
  return thresholds.warning * limitBytes - usedBytes;
}
