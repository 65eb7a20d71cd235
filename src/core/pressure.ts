import { type Level, levelCode } from './level.js';
import type { Resource } from './resource.js';

/** What a resource contributes to the runtime's level. */
export interface Vote {
  readonly resource: Resource;
  /** False: abstains; the rest means nothing. */
  known: boolean;
  level: Level;
  ratio: number;
}

/**
 * The vote that sets the runtime's level: the highest level wins; among equals the cause of before stays, else the highest
 * ratio wins. Null when every resource abstains or is normal. Pure; allocates nothing.
 */
export function decidingVote<V extends Vote>(votes: readonly V[], previousCause: Resource | null): V | null {
  let worst: V | null = null;
  for (const vote of votes) {
    if (!vote.known || vote.level === 'normal') continue;
    if (worst === null || outweighs(vote, worst, previousCause)) worst = vote;
  }
  return worst;
}

function outweighs(vote: Vote, other: Vote, previousCause: Resource | null): boolean {
  const difference = levelCode(vote.level) - levelCode(other.level);
  if (difference !== 0) return difference > 0;
  if (vote.resource === previousCause) return true;
  return other.resource !== previousCause && vote.ratio > other.ratio;
}
