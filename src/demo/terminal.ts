import type { WriteStream } from 'node:tty';

/** Where the demo's lines go. Both calls write at once on POSIX, also while the event loop is blocked. */
export interface Terminal {
  /** Whether colours may be used. */
  readonly coloured: boolean;
  /** A line that the next one replaces, where the output is a terminal; a line like any other elsewhere. */
  status(line: string): void;
  /** A line that stays. */
  print(line: string): void;
}

/** A terminal that does not tell its width says 0; this much every one has. */
const UNKNOWN_COLUMNS = 80;

const CLEAR_LINE = '\r\x1b[2K';

/** @param env decides about colours: none with NO_COLOR set to anything (no-color.org) or a dumb terminal. */
export function createTerminal(stream: NodeJS.WritableStream, env: NodeJS.ProcessEnv): Terminal {
  const tty = isTerminal(stream) && env.TERM !== 'dumb' ? stream : null;
  let statusShown = false;

  function endStatus(): void {
    if (statusShown) stream.write('\n');
    statusShown = false;
  }

  return {
    coloured: tty !== null && (env.NO_COLOR ?? '') === '',
    status(line) {
      if (tty === null) {
        stream.write(`${line}\n`);
        return;
      }
      // A line that wraps could not be taken back by a carriage return.
      stream.write(CLEAR_LINE + truncate(line, (tty.columns || UNKNOWN_COLUMNS) - 1));
      statusShown = true;
    },
    print(line) {
      endStatus();
      stream.write(`${line}\n`);
    },
  };
}

function isTerminal(stream: NodeJS.WritableStream): stream is WriteStream {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** Cuts to a number of visible characters; colour codes take none, and the reset at the end is kept. */
function truncate(line: string, columns: number): string {
  const pattern = new RegExp(`(?:${COLOUR_CODE.source}|.)`, 'gsu');
  let visible = 0;
  let kept = '';
  for (const [part] of line.matchAll(pattern)) {
    if (part.length > 1 && part.startsWith('\x1b')) {
      kept += part;
      continue;
    }
    if (visible < columns) kept += part;
    visible += 1;
  }
  return kept;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with the escape character.
const COLOUR_CODE = /\x1b\[[0-9;]*m/;
