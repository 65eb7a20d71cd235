import { describe, expect, test } from 'vitest';
import { formatDemoArguments, parseDemoArguments } from '#src/demo/arguments.js';

const MIB = 1024 * 1024;

describe('the arguments of the demo', () => {
  test('are a protected run over generated files under 512 MiB when there are none', () => {
    expect(parseDemoArguments([])).toEqual({
      files: [],
      isProtected: true,
      limitBytes: 512 * MIB,
      jobCount: 2000,
      help: false,
    });
  });

  test('may be in any order', () => {
    expect(parseDemoArguments(['a.gif', '--limit', '1GiB', '--unprotected', 'b.gif', '--jobs', '7'])).toEqual({
      files: ['a.gif', 'b.gif'],
      isProtected: false,
      limitBytes: 1024 * MIB,
      jobCount: 7,
      help: false,
    });
  });

  test.each([[[]], [['--unprotected', '--limit', '300MiB', '--', '--odd.gif', 'b.gif']], [['--jobs', '1', 'a b.gif']]])(
    'survive the way to the child process: %j',
    (argv) => {
      const parsed = parseDemoArguments(argv);
      expect(parseDemoArguments(formatDemoArguments(parsed))).toEqual(parsed);
    },
  );

  test.each([
    [['--protect'], /--protect/],
    [['--limit', 'much'], /--limit to be a size of at least 192MiB, such as 512MiB, got `much`/],
    [['--limit', '191MiB'], /got `191MiB`/],
    [['--limit', '-1'], /--limit/],
    [['--limit'], /--limit/],
    [['--jobs', '0'], /--jobs to be a whole number above 0, got `0`/],
    [['--jobs', '1.5'], /got `1\.5`/],
    [['--jobs', ''], /--jobs/],
    [['--unprotected=yes'], /--unprotected/],
  ])('%j is refused, naming the argument', (argv, message) => {
    expect(() => parseDemoArguments(argv)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_CLI' }));
    expect(() => parseDemoArguments(argv)).toThrow(message);
  });
});
