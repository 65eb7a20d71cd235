import type { WatchedResource } from '../core/eviction-policy.js';
import { type Level, levelCode } from '../core/level.js';
import { decidingVote } from '../core/pressure.js';
import type { Resource } from '../core/resource.js';
import { type Assessment, leastRoom } from './assessment.js';
import type { Gauge } from './rounds.js';
import type { ThreadHeapWatch } from './thread-heaps.js';

/** What steering needs of a sample. Bytes; ms on the monotonic clock, `at` in epoch ms. */
export interface SteeringInput {
  readonly nowMs: number;
  readonly at: number;
  readonly level: Level;
  readonly cause: Resource | null;
  readonly resources: readonly Assessment[];
  readonly binding: WatchedResource | null;
  readonly rssBytes: number;
  /** When it was read. */
  readonly rssReadMs: number;
  readonly growthBytesPerSecond: number;
  /** The time to the next sample, µs. */
  readonly intervalUs: number;
  /** Threads that own caches, at least 1. */
  readonly threads: number;
}

/** A matter that a policy decides on: what all threads share, or the heap of one. */
export interface Matter {
  readonly input: SteeringInput;
  /** The thread whose heap it is, null: shared. */
  readonly heap: ThreadHeapWatch | null;
}

/** What is to be decided, the worst first: a round for one matter leaves the others waiting. Pure. */
export function mattersOf(input: SteeringInput, heaps: readonly ThreadHeapWatch[]): Matter[] {
  if (heaps.length === 0) return [{ input, heap: null }];
  const own = heaps.map((heap) => {
    const { assessment, forecast } = heap;
    const { known, level } = assessment;
    const binding = known ? assessment : null;
    const cause = level === 'normal' ? null : assessment.resource;
    const { growthBytesPerSecond } = forecast;
    return { heap, input: { ...input, level, cause, binding, resources: [assessment], growthBytesPerSecond } };
  });
  const matters: Matter[] = [{ input: sharedPart(input), heap: null }, ...own];
  return matters.sort((a, b) => levelCode(b.input.level) - levelCode(a.input.level));
}

/** The matter as it is where `resource` is to be relieved, by all threads but for a heap; as it was, where there is no reading of that. Pure. */
export function relieving(matter: Matter, resource: Resource): Matter {
  const binding = matter.input.resources.find((watched) => watched.resource === resource && watched.known);
  if (binding === undefined) return matter;
  const cause = matter.input.cause === null ? null : resource;
  return { input: { ...matter.input, binding, cause }, heap: resource === 'heap' ? matter.heap : null };
}

/** The sample without the heaps. Pure. */
export function sharedPart(input: SteeringInput): SteeringInput {
  const resources = input.resources.filter(({ resource }) => resource !== 'heap');
  const vote = decidingVote(resources, input.cause);
  const binding = vote ?? leastRoom(resources);
  const growthBytesPerSecond = binding === input.binding ? input.growthBytesPerSecond : 0;
  const decided = { level: vote?.level ?? 'normal', cause: vote?.resource ?? null };
  return { ...input, ...decided, resources, binding, growthBytesPerSecond };
}

/** The heap that is fullest; null: there is none. Pure. */
export function worstOf(heaps: readonly ThreadHeapWatch[]): ThreadHeapWatch | null {
  return heaps.reduce<ThreadHeapWatch | null>(
    (worst, heap) => (worst === null || heap.assessment.ratio > worst.assessment.ratio ? heap : worst),
    null,
  );
}

/** What a round for the matter is measured by. Pure. */
export function gaugeOf({ input: { binding, rssBytes }, heap }: Matter): Gauge {
  return {
    resource: binding?.resource ?? null,
    usedBytes: binding?.usedBytes ?? rssBytes,
    thread: heap?.threadId ?? null,
  };
}
