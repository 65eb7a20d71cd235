import { formatBytes, formatRatio } from '#src/core/units.js';
import { createLatePanicPolicy, createPanicPolicy } from './reference.js';
import { type Run, run } from './run.js';
import type { Moment } from './witness.js';

/** Something that must hold in every run. */
export interface Property {
  readonly name: string;
  /** What broke it, in a sentence with numbers; null: it held. */
  readonly broken: (run: Run) => string | null;
}

/** Slack for what nobody knows to the byte: entries in flight, a step of the plant. */
const SLACK_SHARE = 0.02;

/** How much the joint size of the caches may still move, of the limit, once all has settled: the garbage of a collection or two. */
const STILL_SHARE = 0.04;

/** What rounds may take of them in all meanwhile, a share of the caches. */
const STILL_CACHE_SHARE = 0.15;

/** How far below `warning` a limit may be left while caches evict for want of room. */
const IDLE_SHARE = 0.15;

/** From the crossing to the relief but for the collection, seconds. Generous: the policy's own is an assumption, not a promise. */
const REACTION_SECONDS = 0.11;

/** Where a collection takes longer, and usage grows by more than this share of the limit until it is over, everything may be asked for. */
const DEAR_SECONDS = 0.02;
const FAST_SHARE = 0.05;

/** No climb is believed to be faster than over this time. */
const LEAST_CLIMB_MS = 50;

/** What is given beyond the overshoot, at the most, the closer the limit is: not all that is given is returned. */
const MOST_URGENCY = 4;

/** A process with less than this part of a full machine is not what filled it, and keeps at least this part of its caches. */
const BYSTANDER_SHARE = 0.25;
const SPARED_SHARE = 0.5;

const decidesInBytes: Property = {
  name: 'decides in bytes that are finite and not negative',
  broken: ({ fault }) => fault,
};

const keepsFloors: Property = {
  name: 'never takes a cache below its floor',
  broken({ caches }) {
    const cache = caches.find(({ worstBelowFloorBytes }) => worstBelowFloorBytes > 0);
    return cache === undefined ? null : `${cache.plan.name} was ${formatBytes(cache.worstBelowFloorBytes)} below`;
  },
};

/** The caches may fill what is below `warning`: so where giving all of them from `critical` on comes too late, nobody could have lived. */
const survives: Property = {
  name: 'lives wherever a policy can that gives everything',
  broken({ scenario, death, settings }) {
    if (death === null) return null;
    const isSaved = [createPanicPolicy, createLatePanicPolicy].every(
      (makePolicy) => run(scenario, { makePolicy, settings }).death === null,
    );
    return isSaved ? `died of the ${death.of} limit at ${death.atMs.toFixed(0)} ms` : null;
  },
};

/** Below emergency every round must be covered by usage that is not paid for yet: what rose since the last, above `critical`. */
const paysOnce: Property = {
  name: 'never evicts twice for the same bytes',
  broken({ matters, scenario }) {
    const isAlone = scenario.threads.length === 1;
    return firstOf(matters, (moments) => paidTwice(moments, isAlone));
  },
};

/** @param isAlone one thread has all caches: several collect one after the other, and never owe all. */
function paidTwice(moments: readonly Moment[], isAlone: boolean): string | null {
  let paidBytes = Number.NEGATIVE_INFINITY;
  let lowBytes = Number.POSITIVE_INFINITY;
  let paidMs = Number.NEGATIVE_INFINITY;
  let cause: Moment['cause'] = null;
  const climb = createClimb();
  for (const moment of moments) {
    const climbPerSecond = climb(moment);
    const { usedBytes, limitBytes, decision } = moment;
    if (moment.cause !== cause) paidBytes = Number.NEGATIVE_INFINITY;
    cause = moment.cause;
    if (moment.readMs > paidMs) lowBytes = Math.min(lowBytes, usedBytes);
    if (!startsRound(moment)) continue;
    const { critical, emergency } = moment.thresholds;
    const reactionSeconds = REACTION_SECONDS + moment.collectionSeconds;
    const aheadBytes = Math.max(0, moment.growthBytesPerSecond, climbPerSecond) * reactionSeconds;
    const coveredBytes = Math.max(critical * limitBytes, Math.min(paidBytes, lowBytes));
    const depth = Math.min(1, Math.max(0, (usedBytes / limitBytes - critical) / (emergency - critical)));
    const urgency = 1 + (MOST_URGENCY - 1) * depth;
    const owedBytes = urgency * (Math.max(0, usedBytes + aheadBytes - coveredBytes) + SLACK_SHARE * limitBytes);
    const isAllAtOnce =
      isAlone &&
      moment.cause !== 'heap' &&
      moment.collectionSeconds > DEAR_SECONDS &&
      aheadBytes >= FAST_SHARE * limitBytes;
    if (moment.level !== 'emergency' && !isAllAtOnce && decision.evictBytes > owedBytes) {
      return `${at(moment)}: asked for ${formatBytes(decision.evictBytes)} where ${formatBytes(owedBytes)} were owed`;
    }
    paidBytes = usedBytes + aheadBytes;
    lowBytes = Number.POSITIVE_INFINITY;
    paidMs = moment.atMs;
  }
  return null;
}

/** Growth as the last two readings of one resource show it, the slower of the two, bytes per second: a ramp is there before any median of several. */
function createClimb(): (moment: Moment) => number {
  let last: Moment | null = null;
  let before = 0;
  let latest = 0;
  return (moment) => {
    if (last !== null && last.readMs === moment.readMs) return Math.min(before, latest);
    const isSame =
      last !== null && last.limitBytes === moment.limitBytes && (last.cause ?? moment.cause) === moment.cause;
    before = isSame ? latest : 0;
    const elapsedMs = Math.max(LEAST_CLIMB_MS, moment.readMs - (last?.readMs ?? 0));
    latest = isSame ? ((moment.usedBytes - (last?.usedBytes ?? 0)) / elapsedMs) * 1e3 : 0;
    last = moment;
    return Math.min(before, latest);
  };
}

const settles: Property = {
  name: 'settles once the plant is steady',
  broken: onceSteady(unsettled),
};

/** What a survivor's moments break from then on when all must have settled. */
function onceSteady(broken: (watched: readonly Moment[]) => string | null): Property['broken'] {
  return ({ matters, scenario, death }) => {
    if (death !== null) return null;
    return firstOf(matters, (moments) => broken(moments.filter(({ atMs }) => atMs >= scenario.settledMs)));
  };
}

function unsettled(watched: readonly Moment[]): string | null {
  const round = watched.find(startsRound);
  if (round !== undefined) return `${at(round)}: still evicts ${formatBytes(round.decision.evictBytes)}`;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let limitBytes = Number.POSITIVE_INFINITY;
  for (const moment of watched) {
    if (isFilling(moment)) continue;
    least = Math.min(least, moment.cacheBytes);
    most = Math.max(most, moment.cacheBytes);
    limitBytes = Math.min(limitBytes, moment.limitBytes);
  }
  if (most - least <= STILL_SHARE * limitBytes) return null;
  return `the caches still move between ${formatBytes(least)} and ${formatBytes(most)}`;
}

const staysStill: Property = {
  name: 'takes little of its caches once the plant is steady',
  broken: onceSteady(oscillating),
};

/** Rounds may take, and the caches shrink by, that much in all: less is no oscillation, and growth is none at all. */
function oscillating(watched: readonly Moment[]): string | null {
  const heldBytes = Math.max(0, ...watched.map(({ cacheBytes }) => cacheBytes));
  const stillBytes = Math.min(STILL_SHARE * leastLimitBytes(watched), STILL_CACHE_SHARE * heldBytes);
  let takenBytes = 0;
  let mostBytes = 0;
  let shrunkBytes = 0;
  for (const moment of watched) {
    const { decision, evictableBytes, cacheBytes } = moment;
    if (startsRound(moment)) takenBytes += Math.min(decision.evictBytes, evictableBytes);
    if (takenBytes > stillBytes)
      return `${at(moment)}: ${formatBytes(takenBytes)} of ${formatBytes(heldBytes)} evicted`;
    mostBytes = isFilling(moment) ? cacheBytes : Math.max(mostBytes, cacheBytes);
    shrunkBytes = Math.max(shrunkBytes, mostBytes - cacheBytes);
  }
  if (shrunkBytes <= stillBytes) return null;
  return `the caches still shrink by ${formatBytes(shrunkBytes)} of ${formatBytes(heldBytes)}`;
}

const sparesBystanders: Property = {
  name: 'leaves the caches of a small process alone while others fill the machine',
  broken({ matters }) {
    let beforeBytes = 0;
    for (const moment of matters[0] ?? []) {
      const { level, cause, cacheBytes, rssBytes, usedBytes } = moment;
      if (level === 'emergency') return null;
      if (level !== 'critical') beforeBytes = cacheBytes;
      else if (cause !== 'system' || rssBytes > BYSTANDER_SHARE * usedBytes) return null;
      else if (cacheBytes < SPARED_SHARE * beforeBytes) {
        return `${at(moment)}: ${formatBytes(cacheBytes)} left of ${formatBytes(beforeBytes)}`;
      }
    }
    return null;
  },
};

const regrows: Property = {
  name: 'uses the room there is once nothing disturbs',
  broken({ matters: [shared = [], ...heaps], scenario, death, takenBytes }) {
    if (death !== null) return null;
    const idleOf = (moments: readonly Moment[]) => idleShare(moments.filter(({ atMs }) => atMs >= scenario.settledMs));
    const sharedIdle = idleOf(shared);
    for (const [thread, bytes] of takenBytes.entries()) {
      const idle = Math.min(sharedIdle, idleOf(heaps[thread] ?? []));
      if (bytes === 0 || idle <= IDLE_SHARE) continue;
      return `thread ${thread} had to evict ${formatBytes(bytes)} while ${formatRatio(idle)} lay idle below warning`;
    }
    return null;
  },
};

function leastLimitBytes(moments: readonly Moment[]): number {
  return moments.reduce((least, { limitBytes }) => Math.min(least, limitBytes), Number.POSITIVE_INFINITY);
}

/** The least room below `warning`, of the limit. */
function idleShare(watched: readonly Moment[]): number {
  return watched.reduce(
    (idle, { usedBytes, limitBytes, thresholds }) => Math.min(idle, thresholds.warning - usedBytes / limitBytes),
    1,
  );
}

/** What every policy must hold. */
export const COMMON: readonly Property[] = [decidesInBytes, keepsFloors];

/** Each of these the default policy holds in all but two scenarios in a thousand. */
export const HELD: readonly Property[] = [...COMMON, paysOnce, sparesBystanders, regrows];

/** What it should: a few scenarios in a hundred break one of the last three. The benchmark counts them. */
export const PROMISED: readonly Property[] = [...HELD, survives, settles, staysStill];

/** Everything that a run broke. */
export function brokenBy(run: Run, properties: readonly Property[]): string[] {
  return properties.flatMap(({ name, broken }) => {
    const how = broken(run);
    return how === null ? [] : [`${name}: ${how}`];
  });
}

function firstOf(
  matters: readonly (readonly Moment[])[],
  broken: (moments: readonly Moment[]) => string | null,
): string | null {
  for (const moments of matters) {
    const how = broken(moments);
    if (how !== null) return how;
  }
  return null;
}

function startsRound({ decision, roundActive, evictableBytes }: Moment): boolean {
  return decision.evictBytes > 0 && !roundActive && evictableBytes > 0;
}

/** Caches below their cap fill up by themselves: that is the plant, not the policy. */
function isFilling({ cacheBytes, decision, limitBytes }: Moment): boolean {
  return decision.capBytes === null || cacheBytes < decision.capBytes - SLACK_SHARE * limitBytes;
}

function at({ atMs, level, usedBytes, limitBytes }: Moment): string {
  return `${atMs.toFixed(0)} ms, ${level} at ${formatRatio(usedBytes / limitBytes)}`;
}
