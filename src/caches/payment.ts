import type { EvictionRequest } from '../core/eviction.js';
import { byPriority, evictableBytes, planEviction } from '../core/eviction-plan.js';
import { monotonicUs } from '../page/clock.js';
import type { Outcome, Receipt } from '../page/orders.js';
import type { CacheAccount } from './account.js';
import type { Tracker } from './tracker.js';

/** What a payment needs to know. Bytes. */
export interface PaymentTerms {
  readonly demandBytes: number;
  readonly respectFloors: boolean;
  readonly request: EvictionRequest;
}

/**
 * Where a payment may be interrupted: after a slice of work (`null`), or while an asynchronous cache works (its promise). The
 * driver answers with what the promise gave, or `undefined` when it did not wait.
 */
export type Step = Generator<Promise<number> | null, void, AsyncAnswer | undefined>;

/** How an asynchronous cache came back. */
export type AsyncAnswer =
  | { readonly claimed: number }
  | { readonly failed: Extract<Outcome, 'rejected' | 'timed-out'> };

/** A slice of work between two interruptions, µs. Source: a free loop must not be held for more than 5 ms. */
export const SLICE_US = 4000;

/**
 * Collects a demand from the caches of this thread: priority ascending, each asked for what is still missing, equal
 * priorities in proportion, floors respected, stopping when met; caches in quarantine come last, as a probe. A cache that
 * fails is isolated: what it did drop counts, the next one goes on. Every cache that was asked gets a receipt.
 */
export function* collectPayment(
  tracker: Tracker,
  terms: PaymentTerms,
  onReceipt: (account: CacheAccount, receipt: Receipt) => void,
): Step {
  let missingBytes = terms.demandBytes;
  const sound = tracker.accounts.filter((account) => !account.quarantined);
  const doubtful = tracker.accounts.filter((account) => account.quarantined);
  for (const group of [...byPriority(sound), ...byPriority(doubtful)]) {
    for (const account of group) tracker.reconcile(account);
    let willing = group;
    while (missingBytes > 0 && willing.length > 0) {
      const paidInFull: CacheAccount[] = [];
      for (const { cache, bytes } of planEviction(willing, missingBytes, terms.respectFloors)) {
        if (missingBytes <= 0) return;
        if (!cache.open) continue; // unregistered meanwhile
        const requestedBytes = Math.min(bytes, missingBytes);
        const receipt = yield* askCache(tracker, cache, requestedBytes, terms);
        missingBytes -= receipt.evictedBytes;
        if (receipt.outcome === 'ok' && receipt.evictedBytes >= requestedBytes) paidInFull.push(cache);
        onReceipt(cache, receipt);
      }
      willing = paidInFull; // who fell short is not asked twice; the others make up for it
    }
    if (missingBytes <= 0) return;
  }
}

function* askCache(
  tracker: Tracker,
  account: CacheAccount,
  requestedBytes: number,
  terms: PaymentTerms,
): Generator<Promise<number> | null, Receipt, AsyncAnswer | undefined> {
  const startUs = monotonicUs();
  const bytesBefore = account.bytes;
  const entriesBefore = account.adapter.entries();
  const floorBytes = terms.respectFloors ? account.minBytes : 0;
  let outcome: Outcome = 'ok';
  let leftBytes = requestedBytes;
  while (outcome === 'ok' && leftBytes > 0) {
    const bytesNow = account.bytes;
    const answer = dropSome(tracker, account, leftBytes, floorBytes, terms.request);
    const reply = answer.dropped instanceof Promise ? yield answer.dropped : undefined;
    tracker.reconcile(account);
    outcome = judge(answer, reply, bytesNow);
    leftBytes = requestedBytes - (bytesBefore - account.bytes);
    const wentOn = account.bytes < bytesNow && account.adapter.kind !== 'evictable';
    if (!wentOn || evictableBytes({ ...account, minBytes: floorBytes }, true) === 0) break;
    if (leftBytes > 0) yield null;
  }
  const entriesAfter = account.adapter.entries();
  return {
    requestedBytes,
    evictedBytes: Math.max(0, bytesBefore - account.bytes),
    entries: entriesBefore < 0 ? 0 : Math.max(0, entriesBefore - entriesAfter),
    durationUs: monotonicUs() - startUs,
    outcome,
  };
}

type Answer = { readonly dropped: number | undefined | Promise<number>; readonly threw: boolean };

function dropSome(
  tracker: Tracker,
  account: CacheAccount,
  bytes: number,
  floorBytes: number,
  request: EvictionRequest,
): Answer {
  const sliceEndUs = request.level === 'emergency' ? Number.POSITIVE_INFINITY : monotonicUs() + SLICE_US;
  try {
    return tracker.undisturbed(() => ({
      dropped: account.adapter.drop(bytes, floorBytes, sliceEndUs, request),
      threw: false,
    }));
  } catch {
    return { dropped: undefined, threw: true }; // isolated: the receipt says so, the others go on
  }
}

/** What the cache's word is worth, its own accounting before the call being `heldBytes`. */
function judge(answer: Answer, reply: AsyncAnswer | undefined, heldBytes: number): Outcome {
  if (answer.threw) return 'threw';
  if (reply !== undefined && 'failed' in reply) return reply.failed;
  const claimed = reply === undefined ? answer.dropped : reply.claimed;
  if (claimed === undefined || claimed instanceof Promise) return 'ok';
  return Number.isFinite(claimed) && claimed >= 0 && claimed <= heldBytes ? 'ok' : 'lied';
}
