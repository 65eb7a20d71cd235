import { levelCode } from '../core/level.js';
import { statusLine } from '../terminal/status-line.js';
import { EXIT, outputColours, type Surroundings, writeJson, writeLines } from './output.js';
import { currentState, openSubject } from './subject.js';

export interface StatusOptions {
  readonly json?: boolean;
  readonly exitCode?: boolean;
  readonly pid?: number;
}

/** Exit codes by level: 0, 10, 20, 30. */
const CODE_PER_LEVEL = 10;

const INTERVAL_MS = 1000;

/** `spillway status`: the pressure now, in one line or as a `PressureState`. */
export async function status(options: StatusOptions, surroundings: Surroundings): Promise<number> {
  const subject = await openSubject(options.pid, INTERVAL_MS);
  try {
    const state = currentState(subject.feed);
    if (options.json) writeJson(surroundings, state);
    else writeLines(surroundings, [statusLine(state, outputColours(surroundings))]);
    return options.exitCode ? levelCode(state.level) * CODE_PER_LEVEL : EXIT.fine;
  } finally {
    await subject.close();
  }
}
