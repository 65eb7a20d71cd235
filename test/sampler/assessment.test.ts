import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { emptyReading, type Reading, setOk, setUnavailable, setUnlimited } from '#src/core/reading.js';
import { type Assessment, assess, createAssessment } from '#src/sampler/assessment.js';

const SECOND_US = 1e6;

describe('assess', () => {
  let assessment: Assessment;
  beforeEach(() => {
    assessment = createAssessment('system', DEFAULT_THRESHOLDS, 0.05);
  });

  /** Takes a reading in; it was read at once, unless `readUs` says otherwise, and the cadence is 100 ms. */
  function take(nowUs: number, fill: (reading: Reading) => void, readUs = nowUs, intervalUs = 1e5, awakeUs = 0): void {
    const reading = emptyReading();
    fill(reading);
    assess(assessment, reading, readUs, nowUs, intervalUs, awakeUs);
  }

  const good = (ratio: number) => (reading: Reading) => setOk(reading, ratio * 1000, 1000);
  const failed = (reading: Reading) => setUnavailable(reading, 'no such file');

  it('knows nothing before the first good reading', () => {
    take(1, failed);
    expect(assessment).toMatchObject({ known: false, level: 'normal', failures: 1, failure: 'no such file' });
  });

  it.each([
    ['it failed', failed],
    ['its use is NaN', (reading: Reading) => setOk(reading, Number.NaN, 1000)],
    ['its use is negative', (reading: Reading) => setOk(reading, -1, 1000)],
    ['its use is infinite', (reading: Reading) => setOk(reading, Number.POSITIVE_INFINITY, 1000)],
    ['its limit is 0', (reading: Reading) => setOk(reading, 5, 0)],
  ])('counts a reading and keeps the last good one when %s', (_, fill) => {
    take(SECOND_US, good(0.85));
    take(1.1 * SECOND_US, fill);
    expect(assessment).toMatchObject({
      known: true,
      level: 'critical',
      usedBytes: 850,
      readUs: SECOND_US,
      failures: 1,
    });
    take(1.2 * SECOND_US, good(0.76));
    expect(assessment).toMatchObject({ level: 'critical', usedBytes: 760, failures: 1, failure: '' });
  });

  it('abstains when the last good reading is older than a second at a short cadence', () => {
    take(SECOND_US, good(0.85));
    take(2 * SECOND_US, failed);
    expect(assessment.known).toBe(true);
    take(2 * SECOND_US + 1, failed);
    expect(assessment).toMatchObject({ known: false, level: 'normal', failures: 2 });
  });

  it('abstains when a heap, which comes at the pace of its thread, is older than a second and a half at a short one', () => {
    assessment = createAssessment('heap', DEFAULT_THRESHOLDS, 0.05);
    take(SECOND_US, good(0.85));
    take(2.5 * SECOND_US, good(0.85), SECOND_US);
    expect(assessment.known).toBe(true);
    take(2.5 * SECOND_US + 1, good(0.85), SECOND_US);
    expect(assessment).toMatchObject({ known: false, failure: 'nothing new for 1500 ms' });
  });

  it('abstains when it is older than three cadences at a long one', () => {
    take(SECOND_US, good(0.85));
    take(16 * SECOND_US, failed, 16 * SECOND_US, 5 * SECOND_US);
    expect(assessment.known).toBe(true);
    take(16 * SECOND_US + 1, failed, 16 * SECOND_US, 5 * SECOND_US);
    expect(assessment.known).toBe(false);
  });

  it('starts from normal when it is read again after it abstained', () => {
    take(SECOND_US, good(0.85));
    take(3 * SECOND_US, failed);
    take(4 * SECOND_US, good(0.76)); // would have kept critical
    expect(assessment).toMatchObject({ known: true, level: 'warning', failure: '' });
  });

  it('counts as failed what others published too long ago', () => {
    take(SECOND_US, good(0.85));
    take(1.9 * SECOND_US, good(0.85), SECOND_US);
    expect(assessment).toMatchObject({ known: true, failures: 0 });
    take(2.1 * SECOND_US, good(0.85), SECOND_US);
    expect(assessment).toMatchObject({
      known: false,
      level: 'normal',
      failures: 1,
      failure: 'nothing new for 1100 ms',
    });
  });

  it('blames nobody for what grew old while the sampler itself was held up', () => {
    take(SECOND_US, good(0.85));
    take(10 * SECOND_US, good(0.85), SECOND_US, 1e5, 10 * SECOND_US);
    expect(assessment).toMatchObject({ known: true, level: 'critical', failures: 0 });
    take(11.1 * SECOND_US, good(0.85), SECOND_US, 1e5, 10 * SECOND_US);
    expect(assessment.known).toBe(false);
  });

  it('abstains without a failure where nothing limits it', () => {
    take(SECOND_US, good(0.85));
    take(1.1 * SECOND_US, (reading) => setUnlimited(reading, 5));
    expect(assessment).toMatchObject({ known: false, level: 'normal', failures: 0, failure: '' });
  });
});
