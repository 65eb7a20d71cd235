import { SpillwayError } from '../core/errors.js';
import { DEMO_USAGE, parseDemoArguments } from '../demo/arguments.js';
import { exitCodeOf } from '../demo/exit-code.js';
import { launchDemo } from '../demo/launch.js';
import { EXIT, type Surroundings } from './output.js';

/** `spillway demo`: the same as `npm start`. */
export async function demo(argv: readonly string[], { stdout, stderr }: Surroundings): Promise<number> {
  const print = (line: string) => void stderr.write(`${line}\n`);
  try {
    const parsed = parseDemoArguments(argv);
    if (parsed.help) {
      stdout.write(`${DEMO_USAGE}\n`);
      return EXIT.fine;
    }
    return await exitCodeOf(() => launchDemo(parsed, print), print);
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    print(`${error.message}\n\n${DEMO_USAGE}`);
    return EXIT.usage;
  }
}
