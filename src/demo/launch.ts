import { fileURLToPath } from 'node:url';
import { formatBytes } from '../core/units.js';
import { type DemoArguments, formatDemoArguments } from './arguments.js';
import { runUnderMemoryLimit } from './memory-limit/run-under-memory-limit.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/**
 * Runs the demo in a child process under its memory limit, and says plainly how that ended. Works without root and without a terminal.
 * @returns the exit code: 0 when the work was finished, 137 when the kernel killed the child, the child's own otherwise.
 */
export async function launchDemo(demo: DemoArguments, print: (line: string) => void): Promise<number> {
  const run = await runUnderMemoryLimit({
    limitBytes: demo.limitBytes,
    command: process.execPath,
    args: [CHILD, ...formatDemoArguments(demo)],
    onEnforcement: (enforcedBy, refusals) => {
      if (enforcedBy !== 'none') return;
      print(`note: the kernel is not enforcing the limit of ${formatBytes(demo.limitBytes)}, spillway alone knows it`);
      for (const refusal of refusals) print(`      ${refusal}`);
    },
  });
  const limit = formatBytes(demo.limitBytes);
  if (run.killedByLimit) print(`killed by the kernel at the limit of ${limit} (exit ${run.exitCode})`);
  else if (run.signal !== null) print(`ended by ${run.signal} (exit ${run.exitCode})`);
  return run.exitCode;
}
