/** What a plan needs to know of a cache; bytes. */
export interface PlanCache {
  readonly priority: number;
  readonly bytes: number;
  /** Floor; counts only when floors are respected. */
  readonly minBytes: number;
}

/** A cache's part in a plan. */
export interface Share<C extends PlanCache> {
  readonly cache: C;
  readonly bytes: number;
}

/** What a cache can give without falling below its floor. Pure. */
export function evictableBytes(cache: PlanCache, respectFloors: boolean): number {
  return Math.max(0, cache.bytes - (respectFloors ? cache.minBytes : 0));
}

/**
 * Splits a demand over caches: priority ascending, each group asked for what is still missing, equal priorities in
 * proportion to what they can give. Whole bytes; the shares sum to the demand or to everything that can be given.
 * Caches whose share is 0 are left out. Pure.
 */
export function planEviction<C extends PlanCache>(
  caches: readonly C[],
  demandBytes: number,
  respectFloors: boolean,
): Share<C>[] {
  const shares: Share<C>[] = [];
  let missingBytes = Math.ceil(demandBytes);
  for (const group of byPriority(caches)) {
    if (missingBytes <= 0) break;
    for (const share of splitGroup(group, missingBytes, respectFloors)) {
      shares.push(share);
      missingBytes -= share.bytes;
    }
  }
  return shares;
}

/** Groups of equal priority, the group that goes first in front; the order inside a group is kept. Pure. */
export function byPriority<C extends PlanCache>(caches: readonly C[]): C[][] {
  const groups = new Map<number, C[]>();
  for (const cache of caches) {
    const group = groups.get(cache.priority);
    if (group === undefined) groups.set(cache.priority, [cache]);
    else group.push(cache);
  }
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Shares of one group: in proportion to what each can give; the bytes lost to rounding go to the first that still can. */
function splitGroup<C extends PlanCache>(
  group: readonly C[],
  missingBytes: number,
  respectFloors: boolean,
): Share<C>[] {
  const offers = group.map((cache) => evictableBytes(cache, respectFloors));
  const offeredBytes = offers.reduce((sum, bytes) => sum + bytes, 0);
  if (offeredBytes === 0) return [];
  const takenBytes = Math.min(missingBytes, offeredBytes);
  const bytes = offers.map((offer) => Math.floor((offer / offeredBytes) * takenBytes));
  let roundedBytes = takenBytes - bytes.reduce((sum, share) => sum + share, 0);
  return group.flatMap((cache, index) => {
    const extra = Math.min(roundedBytes, (offers[index] ?? 0) - (bytes[index] ?? 0));
    roundedBytes -= extra;
    const share = (bytes[index] ?? 0) + extra;
    return share > 0 ? [{ cache, bytes: share }] : [];
  });
}
