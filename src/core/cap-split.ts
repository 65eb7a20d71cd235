/** What a thread's caches hold and may hold at most for reasons of its own (its heap), bytes; Infinity: no such limit. */
export interface CapClaim {
  readonly heldBytes: number;
  /** What is left once the thread has given what it was asked for; else what it holds. */
  readonly leftBytes: number;
  readonly mostBytes: number;
}

/** Share of the cap that is kept free for threads that hold less than the others: they fill it within a sample or two, and get more. */
const OPENING_SHARE = 1 / 16;

/**
 * Splits a joint cap over threads; the parts sum to the cap at most, while the threads hold no more than it.
 *
 * - Room that nobody holds goes to all in equal parts: whoever needs it grows into it, and gets more with the next sample.
 * - Threads that hold less than an equal part are opened a little room even when the others hold everything: a thread that starts
 *   late would else never get a cache. The others give it in proportion to what they hold beyond an equal part.
 * - Where all hold more than the cap they give in proportion, but for what some of them were asked for already.
 * - What a thread cannot use, for its own heap is the tighter limit, goes to the others.
 *
 * Pure.
 *
 * @param opens false: threads that hold less are opened no room. While the caches give again and again, all of it would come on top.
 */
export function splitCap(claims: readonly CapClaim[], capBytes: number, opens = true): number[] {
  const held = claims.map(({ heldBytes, mostBytes }) => Math.min(heldBytes, mostBytes));
  const heldBytes = sumOf(held);
  const equalBytes = capBytes / Math.max(1, claims.length);
  const kept = heldBytes > capBytes ? claims.map(({ leftBytes, mostBytes }) => Math.min(leftBytes, mostBytes)) : held;
  const scale = Math.min(1, capBytes / Math.max(1, sumOf(kept)));
  const parts = kept.map((bytes) => bytes * scale);
  spread(parts, claims, Math.max(0, capBytes - heldBytes));
  if (opens) open(parts, claims, equalBytes);
  return parts.map((bytes) => Math.floor(bytes));
}

/** Gives free bytes to all in equal parts, past those that are at their most. */
function spread(parts: number[], claims: readonly CapClaim[], freeBytes: number): void {
  let leftBytes = freeBytes;
  let growing = claims.flatMap((_, index) => (roomOf(parts, claims, index) > 0 ? [index] : []));
  while (leftBytes > 0 && growing.length > 0) {
    const each = leftBytes / growing.length;
    const full = growing.filter((index) => roomOf(parts, claims, index) <= each);
    for (const index of full.length > 0 ? full : growing) {
      const bytes = Math.min(each, roomOf(parts, claims, index));
      parts[index] = (parts[index] ?? 0) + bytes;
      leftBytes -= bytes;
    }
    if (full.length === 0) return;
    growing = growing.filter((index) => !full.includes(index));
  }
}

/** Moves a little from those beyond an equal part to those below it. */
function open(parts: number[], claims: readonly CapClaim[], equalBytes: number): void {
  const beyond = parts.map((bytes) => Math.max(0, bytes - equalBytes));
  const beyondBytes = sumOf(beyond);
  const wanted = claims.map((claim, index) => {
    const mostBytes = Math.min(equalBytes, claim.mostBytes, claim.leftBytes + OPENING_SHARE * equalBytes);
    return Math.max(0, mostBytes - (parts[index] ?? 0));
  });
  const wantedBytes = sumOf(wanted);
  if (wantedBytes === 0 || beyondBytes === 0) return;
  const movedBytes = Math.min(wantedBytes, beyondBytes);
  for (let index = 0; index < parts.length; index++) {
    const given = ((beyond[index] ?? 0) / beyondBytes) * movedBytes;
    const taken = ((wanted[index] ?? 0) / wantedBytes) * movedBytes;
    parts[index] = (parts[index] ?? 0) - given + taken;
  }
}

function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, part) => sum + part, 0);
}

function roomOf(parts: readonly number[], claims: readonly CapClaim[], index: number): number {
  return (claims[index]?.mostBytes ?? 0) - (parts[index] ?? 0);
}
