import { type Colours, coloursFor } from '../terminal/colours.js';

/** Where a command reads and writes. Results go to `stdout`, everything else to `stderr`. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** How a command ended; see the contract's table of commands. */
export const EXIT = { fine: 0, failed: 1, usage: 2 } as const;

export function outputColours({ stdout, env }: Surroundings): Colours {
  return coloursFor(stdout, env);
}

/** One JSON document and nothing else. */
export function writeJson({ stdout }: Surroundings, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function writeLines({ stdout }: Surroundings, lines: readonly string[]): void {
  stdout.write(lines.map((line) => `${line}\n`).join(''));
}
