import { describe, expect, it } from 'vitest';
import type { EvictionReport } from '#src/core/eviction.js';
import type { RoundResult } from '#src/sampler/rounds.js';
import { Settlement } from '#src/sampler/settlement.js';

/** A round that dropped `evictedBytes` while 1000 bytes of the container were used. */
function roundOf(evictedBytes: number, id = 1): RoundResult {
  const report: EvictionReport = {
    id,
    level: 'critical',
    cause: 'container',
    policy: 'adaptive',
    at: 0,
    durationMs: 5,
    requestedBytes: 400,
    evictedBytes,
    returnedBytes: null,
    verdict: evictedBytes > 0 ? 'met' : 'nothing-to-evict',
    collections: 0,
    collectionMs: 0,
    caches: [],
  };
  return { report, before: { resource: 'container', usedBytes: 1000, thread: null } };
}

function settlementOf(...results: RoundResult[]): Settlement {
  const settlement = new Settlement();
  for (const result of results) settlement.add(result, 100);
  return settlement;
}

describe('the settlement of a round', () => {
  it('waits until freed pages had time to reach the kernel', () => {
    const settlement = settlementOf(roundOf(400));
    expect(settlement.settle(149, () => 600, 0)).toEqual([]);
    expect(settlement.settle(150, () => 600, 0)).toMatchObject([{ returnedBytes: 400, verdict: 'met' }]);
    expect(settlement.isEmpty).toBe(true);
  });

  it('waits for a collection, but not for ever', () => {
    const settlement = settlementOf(roundOf(400));
    expect(settlement.settle(5000, () => 1000, 400)).toEqual([]);
    expect(settlement.settle(10_100, () => 900, 400)).toMatchObject([{ returnedBytes: 100, verdict: 'met' }]);
  });

  it('calls a round futile when less than a quarter of what was dropped came back', () => {
    expect(settlementOf(roundOf(400)).settle(200, () => 901, 0)).toMatchObject([{ verdict: 'futile' }]);
    expect(settlementOf(roundOf(400)).settle(200, () => 900, 0)).toMatchObject([{ verdict: 'met' }]);
    expect(settlementOf(roundOf(400)).settle(200, () => 1500, 0)).toMatchObject([
      { returnedBytes: 0, verdict: 'futile' },
    ]);
  });

  it('does not wait for a round that dropped nothing, and does not call it futile', () => {
    expect(settlementOf(roundOf(0)).settle(100, () => 1000, 500)).toMatchObject([
      { returnedBytes: 0, verdict: 'nothing-to-evict' },
    ]);
  });

  it('leaves open what came back where the resource has no reading any more', () => {
    expect(settlementOf(roundOf(400)).settle(200, () => null, 0)).toMatchObject([
      { returnedBytes: null, verdict: 'met' },
    ]);
  });

  it('completes rounds in the order in which they ended, and all of them when the runtime stops', () => {
    const settlement = settlementOf(roundOf(400, 1), roundOf(400, 2));
    expect(settlement.settle(120, () => 600, 0)).toEqual([]);
    expect(settlement.flush(() => 600).map(({ id }) => id)).toEqual([1, 2]);
    expect(settlement.isEmpty).toBe(true);
  });

  it('says when somebody must look: when it can be measured, then when the wait for a collection ends', () => {
    const settlement = settlementOf(roundOf(400));
    expect(settlement.dueMs(100)).toBe(150);
    expect(settlement.dueMs(150)).toBe(10_100);
    expect(new Settlement().dueMs(0)).toBeNull();
  });
});
