import { describe, expect, test } from 'vitest';
import type { Level } from '#src/core/level.js';
import type { DemoResult, Progress } from '#src/demo/demo.js';
import { describeLimit, progressLine, summaryLines } from '#src/demo/view.js';

const MIB = 1024 * 1024;
const TOTALS = { rounds: 3, evictedBytes: 90 * MIB, returnedBytes: 60 * MIB, collections: 2, collectionMs: 12.4 };

function progress(level: Level | null): Progress {
  return {
    elapsedMs: 12_345,
    jobsDone: 999,
    jobCount: 2000,
    cacheBytes: { validation: 0, resize: 180 * MIB, frame: 5 * MIB },
    watch: {
      level: () => level,
      usedBytes: () => 384 * MIB,
      evictedEntries: () => 41,
      totals: () => TOTALS,
      stop: () => Promise.resolve(),
    },
  };
}

const RESULT: DemoResult = {
  elapsedMs: 21_400,
  jobCount: 2000,
  checksum: '0123456789abcdef0123456789abcdef',
  meanSsim: 0.61,
  counts: { validation: { hits: 1, misses: 3 }, resize: { hits: 2, misses: 1 }, frame: { hits: 0, misses: 0 } },
  evictions: TOTALS,
  evictedEntries: 41,
  peakUsedBytes: 400 * MIB,
  peakRssBytes: 440 * MIB,
};

describe('the progress line', () => {
  test('says time, level, progress, memory against the limit, evictions and caches by name', () => {
    expect(progressLine(progress('warning'), 512 * MIB, false)).toBe(
      ' 12.3 s  warning       49 %  memory 384 MiB of 512 MiB (75.0 %)  evicted 41 in 3 rounds' +
        '  validation 0 B, resize 180 MiB, frame 5.0 MiB',
    );
  });

  test('colours the level where that is wanted, and only then', () => {
    expect(progressLine(progress('emergency'), 512 * MIB, true)).toContain('\x1b[31memergency  \x1b[0m');
    expect(progressLine(progress('emergency'), 512 * MIB, false)).not.toContain('\x1b');
  });

  test('says when nobody judges the level', () => {
    expect(progressLine(progress(null), 512 * MIB, true)).toContain(' s  unprotected   49 %  resident ');
  });
});

describe('the summary', () => {
  test('of a protected run has result, limit and who enforces it, peak, hit rates, evictions and collections', () => {
    expect(summaryLines(RESULT, { limitBytes: 512 * MIB, enforcedBy: 'cgroup-v2' }, true)).toEqual([
      'protected run finished in 21.4 s',
      '  result       0123456789abcdef (checksum over the scores of 2000 jobs, mean SSIM 0.6100)',
      '  limit        512 MiB, enforced by the kernel (cgroup-v2)',
      '  peak memory  400 MiB (78.1 % of the limit), resident 440 MiB',
      '  hit rates    validation 25.0 % of 4, resize 66.7 % of 3, frame never asked',
      '  evictions    41 entries under pressure',
      '  rounds       3: 90 MiB evicted, 60 MiB returned, collections 2 (12 ms)',
    ]);
  });

  test('of an unprotected run claims no evictions', () => {
    const lines = summaryLines(RESULT, { limitBytes: 512 * MIB, enforcedBy: 'none' }, false);
    expect(lines[0]).toBe('unprotected run finished in 21.4 s');
    expect(lines.at(-1)).toBe('  evictions    none: nobody watched the memory');
  });

  test('does not claim a kernel that does not enforce', () => {
    expect(describeLimit({ limitBytes: 512 * MIB, enforcedBy: 'none' })).toBe('512 MiB, not enforced by the kernel');
  });
});
