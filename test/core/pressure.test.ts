import { describe, expect, it } from 'vitest';
import type { Level } from '#src/core/level.js';
import { decidingVote, type Vote } from '#src/core/pressure.js';
import type { Resource } from '#src/core/resource.js';

const vote = (resource: Resource, level: Level, ratio: number, known = true): Vote => ({
  resource,
  known,
  level,
  ratio,
});

describe('decidingVote', () => {
  it('is the highest level, wherever it stands', () => {
    const votes = [
      vote('system', 'warning', 0.79),
      vote('container', 'emergency', 0.96),
      vote('heap', 'critical', 0.94),
    ];
    expect(decidingVote(votes, null)?.resource).toBe('container');
    expect(decidingVote([...votes].reverse(), null)?.resource).toBe('container');
  });

  it('prefers a level over a ratio: resources have thresholds of their own', () => {
    const votes = [vote('system', 'normal', 0.99), vote('process', 'warning', 0.2)];
    expect(decidingVote(votes, null)?.resource).toBe('process');
  });

  it('is nobody while all is normal, unknown, or empty', () => {
    expect(decidingVote([], null)).toBeNull();
    expect(decidingVote([vote('system', 'normal', 0.69)], 'system')).toBeNull();
    expect(decidingVote([vote('system', 'emergency', 1, false)], 'system')).toBeNull();
  });

  it('stays with the cause of before among equals, else takes the highest ratio', () => {
    const votes = [vote('system', 'warning', 0.71), vote('container', 'warning', 0.78), vote('heap', 'warning', 0.75)];
    expect(decidingVote(votes, null)?.resource).toBe('container');
    expect(decidingVote(votes, 'heap')?.resource).toBe('heap');
    expect(decidingVote([...votes].reverse(), 'heap')?.resource).toBe('heap');
    expect(decidingVote(votes, 'process')?.resource).toBe('container');
  });

  it('leaves the cause of before when another resource is worse', () => {
    const votes = [vote('system', 'warning', 0.79), vote('container', 'critical', 0.8)];
    expect(decidingVote(votes, 'system')?.resource).toBe('container');
  });
});
