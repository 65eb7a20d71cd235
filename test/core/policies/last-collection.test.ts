import { describe, expect, it } from 'vitest';
import { createLastCollection, type LastCollection } from '#src/core/policies/last-collection.js';

const LIMIT_BYTES = 1000;

/** Usage came from 850 to 820 by a collection that was seen at 1000 ms. */
function collected(): LastCollection {
  const last = createLastCollection();
  last.add(900, 7, 850);
  last.add(1000, 8, 820);
  last.add(1050, 8, 825);
  return last;
}

describe('what came of the last collection', () => {
  it('may be on its way back for a tenth of a second, unless usage rises by a hundredth of the limit', () => {
    expect(collected().isReturning(1099, 830, LIMIT_BYTES)).toBe(true);
    expect(collected().isReturning(1100, 830, LIMIT_BYTES)).toBe(false);
    expect(collected().isReturning(1099, 831, LIMIT_BYTES)).toBe(false);
  });

  it('was of no use where usage is higher than before it, for five seconds', () => {
    expect(collected().wasNoUse(5999, 851)).toBe(true);
    expect(collected().wasNoUse(6000, 851)).toBe(false);
    expect(collected().wasNoUse(2000, 850), 'others took what it returned').toBe(false);
  });

  it('is nothing before there was one, also where others collected before', () => {
    const last = createLastCollection();
    last.add(10, 57, 800);
    last.add(20, 50, 800);
    expect(last.isReturning(30, 800, LIMIT_BYTES)).toBe(false);
    expect(last.wasNoUse(30, 900)).toBe(false);
  });
});
