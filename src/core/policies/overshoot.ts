import type { PolicyInput, WatchedResource } from '../eviction-policy.js';
import { MIB } from '../units.js';
import { ownShare } from './ownership.js';

/**
 * From the crossing to the freed page, beside the collection itself: a sample, and a round that the thread comes to when it is out of whatever it is
 * in. Source: bench/squeeze with objects and other memory rising, where a collection takes 80 ms more.
 */
const REACTION_SECONDS = 0.1;

/** How much more than the overshoot is given in an emergency. Source: bench/squeeze with other memory rising at 1 GB/s. */
const MOST_URGENCY = 4;

/**
 * The same at the least where collections are dear and usage grows by more than this share of the limit until one is over: what entries of small
 * objects leave free is spread over V8's pages, and half of these or more are not returned. Source: bench/squeeze with objects.
 */
const DEAR_URGENCY = 2;
const SLOW_SHARE = 0.1;
/** What others grow by meanwhile is fast from half of that on; however long the collection takes, for no longer than this. */
const FAST_SHARE = 0.05;
const MOST_FAST_SECONDS = 0.3;

/**
 * What the caches are left with at `critical` where collections are dear, of what they held lately, and ever less up to `emergency`. Source:
 * bench/squeeze with objects beside 0.5 GB/s: up to a quarter the peaks are those with nothing left, 80 % of the limit; with 0.6 they are 93 to 95.
 */
const LEFT_SHARE = 0.2;

/**
 * A collection that takes no longer is due again within 0.6 s, by the duty of 5 %. Source: 100 000 Buffers take 15 to 20 ms, and a heap of objects of
 * 150 MiB 60 to 200.
 */
const CHEAP_COLLECTION_SECONDS = 0.03;

/** What the caches owe for usage that is past what they have paid for, bytes: of what is theirs. Pure. */
export function owedBytes(binding: WatchedResource, input: PolicyInput, pastBytes: number): number {
  const share = ownShare(binding, input);
  const deadBytes = deadPart(binding, input, pastBytes);
  const isDear = isAwaited(binding, input) && !areWholePages(input);
  const leastUrgency = isDear && !isSlow(binding, input) ? DEAR_URGENCY : 1;
  return share * (deadBytes + Math.max(leastUrgency, urgency(binding, share)) * (pastBytes - deadBytes));
}

/**
 * Whether the caches give all they may at once: others grow fast, and collections are dear. With most of them left alive the collection takes several
 * times longer, in which the others go on, and its pages come back the later. Not so with entries outside of V8 that are large: what makes
 * collections dear beside them are not the caches. Pure.
 */
export function isAllAtOnce(binding: WatchedResource, input: PolicyInput, foreignBytesPerSecond: number): boolean {
  const fastBytes = foreignBytesPerSecond * Math.min(MOST_FAST_SECONDS, reactionSeconds(input));
  return isAwaited(binding, input) && !areWholePages(input) && fastBytes >= FAST_SHARE * binding.limitBytes;
}

/**
 * What a round leaves in caches that are in V8's heap where collections are dear, bytes: so small a part of them makes a collection hardly longer,
 * and what was used last is what is asked for next. Pure.
 * @param heldBytes the most that they held lately.
 */
export function leastLeftBytes(binding: WatchedResource, input: PolicyInput, heldBytes: number): number {
  if (input.level === 'emergency' || !isAwaited(binding, input)) return 0;
  return LEFT_SHARE * (1 - depthOf(binding)) * heldBytes;
}

/**
 * Each byte of overshoot is paid for once at `critical`, and `MOST_URGENCY` times from `emergency` on: what is given is not all returned.
 * What others did is not made up for more than once.
 */
function urgency(watched: WatchedResource, share: number): number {
  return 1 + (MOST_URGENCY - 1) * depthOf(watched) * share;
}

/** How far usage is on its way from `critical`, 0, to `emergency`, 1. Pure. */
export function depthOf({ usedBytes, limitBytes, thresholds }: WatchedResource): number {
  const depth = (usedBytes / limitBytes - thresholds.critical) / (thresholds.emergency - thresholds.critical);
  return Math.min(1, Math.max(0, depth));
}

/** The part of all the caches that is given past `emergency`: at the limit itself there is nothing left to keep them for. Pure. */
export function lastShare(usedBytes: number, { limitBytes, thresholds }: WatchedResource): number {
  const leftBytes = (1 - thresholds.emergency) * limitBytes;
  return leftBytes > 0 ? Math.min(1, Math.max(0, (usedBytes - thresholds.emergency * limitBytes) / leftBytes)) : 0;
}

/**
 * Whether what is dead waits for one thread's collection, which is asked for until it is due. To evict meanwhile would only add to what is dead: of
 * a large heap of objects, with collections that are dear and seldom, a multiple of the overshoot. Cheap ones are due again at once, and
 * meanwhile others may take what is left. Pure.
 */
export function isAwaited({ resource }: WatchedResource, { threads, collectionSeconds }: PolicyInput): boolean {
  return threads === 1 && resource !== 'heap' && collectionSeconds > CHEAP_COLLECTION_SECONDS;
}

/** What is kept is worth the time of giving it back from this share of the limit on, or from so many bytes of a large one. */
const KEPT_WORTH_SHARE = 0.05;
const KEPT_WORTH_BYTES = 64 * MIB;

/** Memory goes back to the system in pages of so many bytes. Entries of fewer than so many pages leave most of what they were on. */
const PAGE_BYTES = 4096;
const SMALL_PAGES = 4;
/** Of smaller ones with more neighbours next to nothing would be kept, and many of them lie in blocks that Node allocates for several. */
const MOST_NEIGHBOURS = 1;

/**
 * What must be given in a hurry so that `overBytes` go back: a page is free once all entries on it are gone, and they go in no order that the
 * allocator knows. A page has parts of `1 + PAGE_BYTES / size` Buffers on average, so of the share f that goes, f to that power is returned: with
 * 4 KiB a quarter takes a half; smaller ones count like these. What was paid with such small ones came back in part only, so they pay for all that is past the bound. Pure.
 * @param pastBoundBytes usage past what its peaks are to stay below, paid for or not.
 */
export function scatteredBytes(overBytes: number, pastBoundBytes: number, input: PolicyInput): number {
  const { evictableBytes, meanBufferBytes } = input;
  const isInHeap = input.binding?.resource === 'heap';
  if (meanBufferBytes === 0 || isInHeap || overBytes >= evictableBytes) return overBytes;
  const parts = 1 + Math.min(MOST_NEIGHBOURS, PAGE_BYTES / meanBufferBytes);
  const returnedBytes = areWholePages(input) ? overBytes : Math.max(overBytes, pastBoundBytes);
  return evictableBytes * Math.min(1, returnedBytes / evictableBytes) ** (1 / parts);
}

/** Whether what goes leaves whole pages free: entries are Buffers, and large. Pure. */
export function areWholePages({ meanBufferBytes }: Pick<PolicyInput, 'meanBufferBytes'>): boolean {
  return meanBufferBytes >= SMALL_PAGES * PAGE_BYTES;
}

/**
 * What goes back of usage without the caches' giving anything: pages that are kept beside large Buffers, if they are worth the time of
 * giving them back. Pure.
 */
export function soonReturnedBytes(binding: WatchedResource, input: PolicyInput): number {
  const { returnableBytes } = input;
  if (binding.resource === 'heap' || !areWholePages(input)) return 0;
  return returnableBytes > keptWorthBytes(binding.limitBytes) ? ownShare(binding, input) * returnableBytes : 0;
}

/**
 * What is worth the time of giving it back where nothing asks for it but that it is kept past `critical`, bytes. Pure.
 */
export function keptWorthBytes(limitBytes: number): number {
  return Math.min(KEPT_WORTH_SHARE * limitBytes, KEPT_WORTH_BYTES);
}

/** Time that passes before relief shows, seconds. A heap that is being collected does not grow meanwhile. Pure. */
export function reactionSeconds({ binding, collectionSeconds }: PolicyInput): number {
  return REACTION_SECONDS + (binding?.resource === 'heap' ? 0 : collectionSeconds);
}

/**
 * The part of an overshoot that is only dead, where that can be much: several threads own caches, each of which V8 collects after some 64 MiB, or
 * one has a heap of objects that is seldom collected, and whose pages are filled again. That is paid for once, in case the collections come late, but
 * not urgently: caches would be emptied for what they gave already. Else urgency reckons with it, and V8's heap counts without it. Source:
 * bench/threads, and bench/squeeze with objects.
 */
function deadPart(binding: WatchedResource, input: PolicyInput, pastBytes: number): number {
  if (binding.resource === 'heap') return 0;
  if (input.threads > 1) return Math.min(pastBytes, input.uncollectedBytes);
  if (!isAwaited(binding, input) || !isSlow(binding, input)) return 0;
  return Math.min(pastBytes, input.uncollectedBytes + input.retainedBytes);
}

/** Whether usage grows by little until a round and its collection are over. */
function isSlow({ limitBytes }: WatchedResource, input: PolicyInput): boolean {
  return input.growthBytesPerSecond * reactionSeconds(input) < SLOW_SHARE * limitBytes;
}
