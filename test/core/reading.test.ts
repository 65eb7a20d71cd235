import { describe, expect, it } from 'vitest';
import { emptyReading, ratioOf, rejectImpossible, setOk, setUnavailable, setUnlimited } from '#src/core/reading.js';

describe('rejectImpossible', () => {
  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53])(
    'makes a use of %s bytes unavailable',
    (usedBytes) => {
      const reading = emptyReading();
      setOk(reading, usedBytes, 1000);
      rejectImpossible(reading);
      expect(reading.status).toBe('unavailable');
      expect(reading.reason).toContain(String(usedBytes));
    },
  );

  it.each([Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 18446744073709552000])(
    'makes a limit of %s bytes unavailable',
    (limitBytes) => {
      const reading = emptyReading();
      setOk(reading, 10, limitBytes);
      rejectImpossible(reading);
      expect(reading.status).toBe('unavailable');
      expect(reading.reason).toContain(String(limitBytes));
    },
  );

  it('accepts no use, and use beyond the limit', () => {
    const reading = emptyReading();
    for (const usedBytes of [0, 1000, 1200]) {
      setOk(reading, usedBytes, 1000);
      rejectImpossible(reading);
      expect(reading.status).toBe('ok');
      expect(ratioOf(reading)).toBe(usedBytes / 1000);
    }
  });

  it('accepts a reading without a limit, unless its use is impossible', () => {
    const reading = emptyReading();
    setUnlimited(reading, 5);
    rejectImpossible(reading);
    expect(reading.status).toBe('unlimited');
    setUnlimited(reading, Number.NaN);
    rejectImpossible(reading);
    expect(reading.status).toBe('unavailable');
  });

  it('keeps the reason of a reading that failed', () => {
    const reading = emptyReading();
    setUnavailable(reading, 'no such file');
    rejectImpossible(reading);
    expect(reading.reason).toBe('no such file');
  });
});
