import { parseArgs } from 'node:util';
import { SpillwayError } from '../core/errors.js';
import { MIB, parseBytes } from '../core/units.js';

/** What the demo is asked to do. */
export interface DemoArguments {
  /** GIF files to work on; empty: the generated ones. */
  readonly files: readonly string[];
  readonly isProtected: boolean;
  readonly limitBytes: number;
  readonly jobCount: number;
  readonly help: boolean;
}

export const DEMO_USAGE = `usage: npm start -- [--unprotected] [--limit SIZE] [--jobs COUNT] [file.gif ...]

Decodes, resizes and compares the frames of animated GIFs (generated ones when none is named) under a memory limit that
is far too small for its caches.

  --unprotected   without spillway: the kernel kills it
  --limit SIZE    the memory limit, for example 768MiB (default 512MiB)
  --jobs COUNT    how many comparisons to make (default 2000)
  --help          this text`;

/** Half of what the caches would take if they could. */
const DEFAULT_LIMIT = '512MiB';

/** 15 to 30 s of one core's work where the caches are held down; with all of it cached, 10 s and 1 GiB. */
const DEFAULT_JOBS = '2000';

/** Node, the generated files and the work in progress need this much before the first entry is cached. */
const MIN_LIMIT_BYTES = 192 * MIB;

const OPTIONS = {
  unprotected: { type: 'boolean', default: false },
  limit: { type: 'string', default: DEFAULT_LIMIT },
  jobs: { type: 'string', default: DEFAULT_JOBS },
  help: { type: 'boolean', default: false },
} as const;

/** @throws SpillwayError `ERR_SPILLWAY_CLI` naming the argument that cannot be used. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  const { values, positionals } = parse(argv);
  return {
    files: positionals,
    isProtected: !values.unprotected,
    limitBytes: limitOf(values.limit),
    jobCount: jobsOf(values.jobs),
    help: values.help,
  };
}

/** The inverse of `parseDemoArguments`, for the child process. */
export function formatDemoArguments({ files, isProtected, limitBytes, jobCount }: DemoArguments): string[] {
  const unprotected = isProtected ? [] : ['--unprotected'];
  return [...unprotected, '--limit', `${limitBytes}B`, '--jobs', String(jobCount), '--', ...files];
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpillwayError('ERR_SPILLWAY_CLI', reason, { cause: error });
  }
}

function limitOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== null && bytes >= MIN_LIMIT_BYTES) return bytes;
  throw new SpillwayError(
    'ERR_SPILLWAY_CLI',
    `Expected --limit to be a size of at least 192MiB, such as 512MiB, got \`${text}\``,
  );
}

function jobsOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new SpillwayError('ERR_SPILLWAY_CLI', `Expected --jobs to be a whole number above 0, got \`${text}\``);
}
