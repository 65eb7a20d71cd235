import type { EvictionRequest } from '../core/eviction.js';
import { byPriority, planEviction } from '../core/eviction-plan.js';
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
  | { readonly failed: Extract<Outcome, 'rejected' | 'timed-out'>; readonly fault: unknown };

/** A slice of work between two interruptions, µs. Source: a free loop must not be held for more than 5 ms. */
export const SLICE_US = 4000;

/** What a cache did when it was asked, and how it failed if it did. */
export interface Payment {
  readonly receipt: Receipt;
  /** What the cache threw, rejected with or answered; undefined where there is nothing to tell. */
  readonly fault: unknown;
}

/**
 * Collects a demand from the caches of this thread: priority ascending, each asked for what is still missing, equal
 * priorities in proportion, floors respected, stopping when met; caches in quarantine come last, as a probe. A cache that
 * fails is isolated: what it did drop counts, the next one goes on. Every cache that was asked is told of to `onPayment`.
 */
export function* collectPayment(
  tracker: Tracker,
  terms: PaymentTerms,
  onPayment: (account: CacheAccount, payment: Payment) => void,
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
        const payment = yield* askCache(tracker, cache, requestedBytes, terms);
        const { outcome, evictedBytes } = payment.receipt;
        missingBytes -= evictedBytes;
        if (outcome === 'ok' && evictedBytes >= requestedBytes) paidInFull.push(cache);
        onPayment(cache, payment);
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
): Generator<Promise<number> | null, Payment, AsyncAnswer | undefined> {
  const startUs = monotonicUs();
  const bytesBefore = account.bytes;
  const entriesBefore = account.adapter.entries();
  const floorBytes = terms.respectFloors ? account.minBytes : 0;
  let verdict: Verdict = SOUND;
  let leftBytes = requestedBytes;
  if (entriesBefore > 0 && bytesBefore > 0) account.ghosts.reserve((entriesBefore * requestedBytes) / bytesBefore);
  while (leftBytes > 0) {
    const bytesNow = account.bytes;
    const answer = dropSome(account, leftBytes, floorBytes, terms.request);
    const reply = 'dropped' in answer && answer.dropped instanceof Promise ? yield answer.dropped : undefined;
    const isTold = tracker.reconcile(account);
    verdict = judge(answer, reply, bytesNow);
    if (verdict.outcome === 'ok' && !isTold)
      verdict = { outcome: 'lied', fault: 'its own count of bytes is impossible' };
    leftBytes = requestedBytes - (bytesBefore - account.bytes);
    const wentOn = account.bytes < bytesNow && account.adapter.kind !== 'evictable';
    if (verdict.outcome !== 'ok' || !wentOn || !account.open || account.bytes <= floorBytes) break;
    if (leftBytes > 0) yield null;
    if (!account.open) break; // unregistered between two slices
  }
  if (verdict.outcome === 'ok' && !account.open) verdict = { outcome: 'gone', fault: undefined };
  const entriesAfter = account.adapter.entries();
  const receipt: Receipt = {
    requestedBytes,
    evictedBytes: Math.max(0, bytesBefore - account.bytes),
    entries: entriesBefore < 0 ? 0 : Math.max(0, entriesBefore - entriesAfter),
    durationUs: monotonicUs() - startUs,
    outcome: verdict.outcome,
  };
  return { receipt, fault: verdict.fault };
}

type Answer = { readonly dropped: number | undefined | Promise<number> } | { readonly threw: unknown };

function dropSome(account: CacheAccount, bytes: number, floorBytes: number, request: EvictionRequest): Answer {
  const sliceEndUs = request.level === 'emergency' ? Number.POSITIVE_INFINITY : monotonicUs() + SLICE_US;
  try {
    return { dropped: account.adapter.drop(bytes, floorBytes, sliceEndUs, request) };
  } catch (threw) {
    return { threw }; // isolated: the receipt says so, the others go on
  }
}

interface Verdict {
  readonly outcome: Outcome;
  readonly fault: unknown;
}

const SOUND: Verdict = { outcome: 'ok', fault: undefined };

/** What the cache's word is worth, its own accounting before the call being `heldBytes`. */
function judge(answer: Answer, reply: AsyncAnswer | undefined, heldBytes: number): Verdict {
  if ('threw' in answer) return { outcome: 'threw', fault: answer.threw };
  if (reply !== undefined && 'failed' in reply) return { outcome: reply.failed, fault: reply.fault };
  const claimed = reply === undefined ? answer.dropped : reply.claimed;
  if (claimed === undefined || claimed instanceof Promise) return SOUND;
  if (Number.isFinite(claimed) && claimed >= 0 && claimed <= heldBytes) return SOUND;
  return { outcome: 'lied', fault: `it answered ${claimed} and had held ${heldBytes} bytes` };
}
