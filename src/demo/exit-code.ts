import { SpillwayError } from '../core/errors.js';

const FAILED = 1;

/**
 * Runs an entry point and turns what it throws into a line and exit code 1. A `SpillwayError` is meant for the person at the keyboard, so
 * its message is enough; anything else is a mistake of ours and shows where.
 */
export async function exitCodeOf(entry: () => Promise<number>, print: (line: string) => void): Promise<number> {
  try {
    return await entry();
  } catch (error) {
    if (error instanceof SpillwayError) print(error.message);
    else print(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return FAILED;
  }
}
