import { cacheRowsUsed, releaseCache } from './cache-rows.js';
import { bumpEpoch } from './page.js';
import { releaseThread, type ThreadClaim, threadOwner } from './thread-rows.js';

/**
 * Takes the rows of a thread that died: its own row first, so that its caches count no more from that store on, then theirs. Only
 * for a thread that certainly runs no more. Sampler only.
 * @returns false when the rows were given back already.
 */
export function reclaimThread(words: Int32Array, claim: ThreadClaim): boolean {
  if (threadOwner(words, claim.row) !== claim.generation) return false;
  releaseThread(words, claim);
  for (let row = 0; row < cacheRowsUsed(words); row++) releaseCache(words, row, claim.generation);
  bumpEpoch(words);
  return true;
}
