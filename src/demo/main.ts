import { SpillwayError } from '../core/errors.js';
import { DEMO_USAGE, type DemoArguments, parseDemoArguments } from './arguments.js';
import { exitCodeOf } from './exit-code.js';
import { launchDemo } from './launch.js';

const USAGE_ERROR = 2;

/** What `npm start` runs. */
const demo = readArguments();
if (demo?.help) console.log(DEMO_USAGE);
else if (demo !== null) process.exitCode = await exitCodeOf(() => launchDemo(demo, console.error), console.error);

function readArguments(): DemoArguments | null {
  try {
    return parseDemoArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    console.error(`${error.message}\n\n${DEMO_USAGE}`);
    process.exitCode = USAGE_ERROR;
    return null;
  }
}
