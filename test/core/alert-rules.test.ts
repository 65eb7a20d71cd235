import { describe, expect, it } from 'vitest';
import { AlertBook, type AlertRule, type WatchedValue } from '#src/core/alert-rules.js';

const rule: AlertRule = {
  name: 'hot',
  watch: 'ratio',
  comparison: '>=',
  threshold: 0.8,
  release: 0.75,
  forMs: 10_000,
  cooldownMs: 60_000,
  severity: 'critical',
  unit: 'ratio',
  message: '{subject} is at {value}, bound {threshold}',
};

/** Feeds one value per second from `startMs` on; collects what was told, with the second at which it was. */
function feed(book: AlertBook, values: readonly (number | null)[], startMs = 0): string[] {
  return values.flatMap((value, second) => {
    const nowMs = startMs + second * 1000;
    return book.evaluate(() => [{ subject: '', value }], nowMs, nowMs).map(({ status }) => `${status}@${nowMs / 1000}`);
  });
}

const held = (value: number | null, seconds: number) => Array<number | null>(seconds).fill(value);

describe('AlertBook', () => {
  it('ignores a spike of one sample when the rule must hold for a while', () => {
    expect(feed(new AlertBook([rule]), [...held(0.5, 5), 0.99, ...held(0.5, 30)])).toEqual([]);
  });

  it('starts the wait anew when the value fell below the threshold in between', () => {
    expect(feed(new AlertBook([rule]), [...held(0.9, 10), 0.7, ...held(0.9, 10), 0.7])).toEqual([]);
  });

  it('fires once when the value was held for forMs, and resolves once', () => {
    const told = feed(new AlertBook([rule]), [...held(0.5, 5), ...held(0.9, 60), ...held(0.5, 60)]);
    expect(told).toEqual(['firing@15', 'resolved@65']);
  });

  it('keeps firing between the release threshold and the threshold', () => {
    expect(feed(new AlertBook([rule]), [...held(0.9, 12), ...held(0.76, 50), ...held(0.749, 2)])).toEqual([
      'firing@10',
      'resolved@62',
    ]);
  });

  it('does not fire again within the cooldown, and does after it', () => {
    const told = feed(new AlertBook([rule]), [...held(0.9, 11), 0.5, ...held(0.9, 80)]);
    expect(told).toEqual(['firing@10', 'resolved@11', 'firing@71']);
  });

  it('lets an unknown value neither fire nor resolve', () => {
    const told = feed(new AlertBook([rule]), [...held(0.9, 11), ...held(null, 100), 0.9, 0.5]);
    expect(told).toEqual(['firing@10', 'resolved@112']);
  });

  it('sees a moment of 97 % inside five calm minutes when the rule judges by the peak', () => {
    const peaked = { ...rule, threshold: 0.95, release: 0.9, forMs: 0, peakMs: 300_000 };
    const told = feed(new AlertBook([peaked]), [...held(0.4, 150), 0.97, ...held(0.4, 400)]);
    expect(told[0]).toBe('firing@150');
    expect(told).toHaveLength(2);
    const resolvedAt = Number(told[1]?.slice('resolved@'.length));
    expect(resolvedAt).toBeGreaterThanOrEqual(450);
    expect(resolvedAt).toBeLessThanOrEqual(460);
  });

  it('follows each subject on its own and resolves the alert of one that is gone', () => {
    const book = new AlertBook([{ ...rule, forMs: 0 }]);
    const evaluate = (values: WatchedValue[], nowMs: number) =>
      book.evaluate(() => values, nowMs, nowMs).map(({ subject, status }) => `${subject} ${status}`);
    const a = { subject: 'a', value: 0.9 };
    expect(evaluate([a, { subject: 'b', value: 0.1 }], 0)).toEqual(['a firing']);
    expect(evaluate([a, { subject: 'b', value: 0.9 }], 1000)).toEqual(['b firing']);
    expect(evaluate([a], 2000)).toEqual(['b resolved']);
  });

  it('compares downwards where the rule says so', () => {
    const low = { ...rule, comparison: '<=', threshold: 60, release: 120, forMs: 0 } as const;
    expect(feed(new AlertBook([low]), [Number.POSITIVE_INFINITY, 60, 100, 121])).toEqual(['firing@1', 'resolved@3']);
  });

  it('tells numbers only, also when the value that resolves it is infinite', () => {
    const low = { ...rule, comparison: '<=', threshold: 60, release: 120, forMs: 0 } as const;
    const book = new AlertBook([low]);
    book.evaluate(() => [{ subject: '', value: 5 }], 0, 0);
    const [change] = book.evaluate(() => [{ subject: '', value: Number.POSITIVE_INFINITY }], 1, 1);
    expect(change).toMatchObject({ status: 'resolved', value: 5 });
  });

  it('writes the message with the values in the unit of the rule', () => {
    const book = new AlertBook([{ ...rule, forMs: 0 }]);
    const [change] = book.evaluate(() => [{ subject: 'heap', value: 0.913 }], 0, 1234);
    expect(change).toEqual({
      rule: 'hot',
      subject: 'heap',
      status: 'firing',
      severity: 'critical',
      value: 0.913,
      threshold: 0.8,
      message: 'heap is at 91.3 %, bound 80.0 %',
      at: 1234,
    });
  });

  it('shows pending and firing alerts with the time that they held', () => {
    const book = new AlertBook([rule]);
    feed(book, held(0.9, 5));
    expect(book.standings(5000)).toMatchObject([{ rule: 'hot', status: 'pending', heldMs: 5000 }]);
    feed(book, held(0.9, 10), 5000);
    expect(book.standings(15_000)).toMatchObject([{ rule: 'hot', status: 'firing', heldMs: 15_000 }]);
    feed(book, held(0.1, 1), 16_000);
    expect(book.standings(16_000)).toEqual([]);
  });

  it('follows a bounded number of subjects', () => {
    const book = new AlertBook([{ ...rule, forMs: 0 }]);
    const many = Array.from({ length: 5000 }, (_, index) => ({ subject: `cache-${index}`, value: 1 }));
    expect(book.evaluate(() => many, 0, 0)).toHaveLength(512);
  });
});
