import { describe, expect, it } from 'vitest';
import type { EvictionReport } from '#src/core/eviction.js';
import type { RoundResult } from '#src/sampler/rounds.js';
import { Settlement, type UsedOf } from '#src/sampler/settlement.js';

const END_MS = 1000;

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

/** @param collectedMs when what the round dropped is collected. */
function settlementOf(evictedBytes: number, collectedMs = 0) {
  const settlement = new Settlement();
  let nowMs = 0;
  settlement.add(roundOf(evictedBytes), END_MS, () => nowMs >= collectedMs);
  return {
    settlement,
    /** A sample that was taken `afterMs` the end of the round, and what it knew was used, as read then or at another time. */
    sample(afterMs: number, usedBytes: number, readAfterMs = afterMs): EvictionReport[] {
      nowMs = END_MS + afterMs;
      return settlement.settle(nowMs, () => ({ usedBytes, readMs: END_MS + readAfterMs }));
    },
  };
}

/** From the end of the round to each sample that it asks for, up to `untilMs`, while nothing comes back. */
function looksOf(round: ReturnType<typeof settlementOf>, untilMs: number): number[] {
  const looks: number[] = [];
  for (let afterMs = 0; ; ) {
    const dueMs = round.settlement.dueMs(END_MS + afterMs);
    if (dueMs === null) return looks;
    afterMs = dueMs - END_MS;
    if (afterMs > untilMs) return looks;
    looks.push(afterMs);
    round.sample(afterMs, 1000);
  }
}

const unknown: UsedOf = () => null;

describe('the settlement of a round', () => {
  it('waits until freed pages had time to reach the kernel', () => {
    const round = settlementOf(400);
    expect(round.sample(48, 600)).toEqual([]);
    expect(round.sample(50, 600)).toMatchObject([{ returnedBytes: 400, verdict: 'met' }]);
    expect(round.settlement.isEmpty).toBe(true);
  });

  it('is over as soon as nine tenths of what was dropped are back', () => {
    const round = settlementOf(400);
    expect(round.sample(50, 641)).toEqual([]);
    expect(round.sample(100, 640)).toMatchObject([{ returnedBytes: 360, verdict: 'met' }]);
  });

  it('takes what is back 200 ms after the collection was seen', () => {
    const round = settlementOf(400, END_MS + 60);
    for (const afterMs of [50, 100, 150, 200, 250, 298]) expect(round.sample(afterMs, 800)).toEqual([]);
    expect(round.sample(300, 800)).toMatchObject([{ returnedBytes: 200, verdict: 'met' }]);
  });

  it('counts those 200 ms up to when the use was read', () => {
    const round = settlementOf(400, END_MS + 300);
    expect(round.sample(300, 1000)).toEqual([]);
    expect(round.sample(550, 1000, 490)).toEqual([]);
    expect(round.sample(560, 1000, 500)).toMatchObject([{ returnedBytes: 0, verdict: 'futile' }]);
  });

  it('sees what is back although no collection was seen', () => {
    const round = settlementOf(400, Number.POSITIVE_INFINITY);
    expect(round.sample(5000, 600)).toMatchObject([{ returnedBytes: 400, verdict: 'met' }]);
  });

  it('waits for a collection, but not for ever', () => {
    const round = settlementOf(400, Number.POSITIVE_INFINITY);
    expect(round.sample(9998, 900)).toEqual([]);
    expect(round.sample(10_000, 900)).toMatchObject([{ returnedBytes: 100, verdict: 'met' }]);
  });

  it('takes no use for the outcome that was read before the round ended', () => {
    const round = settlementOf(400);
    expect(round.sample(0, 1000)).toEqual([]);
    expect(round.sample(250, 500, 0)).toEqual([]);
    expect(round.sample(10_000, 500, 0)).toMatchObject([{ returnedBytes: null, verdict: 'met' }]);
  });

  it('calls a round futile when less than a quarter of what was dropped came back', () => {
    const outcomeOf = (usedBytes: number) => {
      const round = settlementOf(400);
      round.sample(0, 1000);
      return round.sample(200, usedBytes);
    };
    expect(outcomeOf(901)).toMatchObject([{ returnedBytes: 99, verdict: 'futile' }]);
    expect(outcomeOf(900)).toMatchObject([{ returnedBytes: 100, verdict: 'met' }]);
    expect(outcomeOf(1500)).toMatchObject([{ returnedBytes: 0, verdict: 'futile' }]);
  });

  it('does not wait for a round that dropped nothing, and does not call it futile', () => {
    const round = settlementOf(0, Number.POSITIVE_INFINITY);
    expect(round.sample(1, 900)).toEqual([roundOf(0).report]);
  });

  it('leaves open what came back where the resource has no reading any more', () => {
    const settlement = new Settlement();
    settlement.add(roundOf(400), END_MS, () => true);
    expect(settlement.settle(END_MS, unknown)).toEqual([]);
    expect(settlement.settle(END_MS + 198, unknown)).toEqual([]);
    expect(settlement.settle(END_MS + 200, unknown)).toMatchObject([{ returnedBytes: null, verdict: 'met' }]);
  });

  it('of one round does not wait for that of another', () => {
    const settlement = new Settlement();
    settlement.add(roundOf(400, 1), END_MS, () => false);
    settlement.add(roundOf(100, 2), END_MS + 10, () => false);
    const used = { usedBytes: 900, readMs: END_MS + 60 };
    expect(settlement.settle(END_MS + 60, () => used)).toMatchObject([{ id: 2, returnedBytes: 100 }]);
    expect(settlement.isEmpty).toBe(false);
  });

  it('completes all that is open when the runtime stops, but knows no more than was read since the round', () => {
    const settlement = new Settlement();
    settlement.add(roundOf(400, 1), END_MS, () => false);
    settlement.add(roundOf(400, 2), END_MS + 10, () => false);
    const used = { usedBytes: 700, readMs: END_MS + 10 };
    expect(settlement.flush(() => used)).toMatchObject([
      { id: 1, returnedBytes: 300, verdict: 'met' },
      { id: 2, returnedBytes: null, verdict: 'met' },
    ]);
    expect(settlement.isEmpty).toBe(true);
  });
});

describe('the looks after a round', () => {
  it('come every 50 ms for 200 ms, then when the wait for a collection ends', () => {
    expect(looksOf(settlementOf(400, Number.POSITIVE_INFINITY), 20_000)).toEqual([50, 100, 150, 200, 10_000]);
  });

  it('come for 200 ms after the collection was seen', () => {
    expect(looksOf(settlementOf(400, END_MS + 120), 20_000)).toEqual([50, 100, 150, 200, 250, 300, 350]);
    const late = settlementOf(400, END_MS + 3000);
    expect(looksOf(late, 3000)).toEqual([50, 100, 150, 200]);
    expect(late.sample(3010, 1000)).toEqual([]);
    expect(late.settlement.dueMs(END_MS + 3010)).toBe(END_MS + 3050);
  });

  it('serve all rounds: two rounds cost no more of them than one', () => {
    const settlement = new Settlement();
    settlement.add(roundOf(400, 1), END_MS, () => false);
    settlement.add(roundOf(400, 2), END_MS + 30, () => false);
    expect(settlement.dueMs(END_MS + 60)).toBe(END_MS + 100);
    expect(settlement.dueMs(END_MS + 210), 'the older one only waits').toBe(END_MS + 230);
    expect(settlement.dueMs(END_MS + 240)).toBe(END_MS + 10_000);
  });

  it('are told from other samples, also where a timer fired early', () => {
    const { settlement, sample } = settlementOf(400, Number.POSITIVE_INFINITY);
    expect(settlement.isLookDue(END_MS + 48)).toBe(false);
    expect(settlement.isLookDue(END_MS + 49)).toBe(true);
    sample(49, 1000);
    expect(settlement.dueMs(END_MS + 49)).toBe(END_MS + 100);
    expect(settlement.isLookDue(END_MS + 51)).toBe(false);
    expect(settlement.isLookDue(END_MS + 120), 'no sample came at 100').toBe(true);
  });

  it('are none where no round is open', () => {
    expect(new Settlement().dueMs(0)).toBeNull();
    expect(new Settlement().isLookDue(0)).toBe(false);
  });
});
