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
      const left = demo.isProtected ? 'spillway alone keeps it' : 'nothing does, so this run just takes what it wants';
      print(`note: the kernel is not enforcing the limit of ${formatBytes(demo.limitBytes)}; ${left}`);
      for (const refusal of refusals) print(`      ${refusal}`);
    },
  });
  // On a terminal a child that was killed leaves the cursor behind its last status.
  const newLine = process.stdout.isTTY ? '\n' : '';
  const limit = formatBytes(demo.limitBytes);
  if (run.killedByLimit) print(`${newLine}killed by the kernel at the limit of ${limit} (exit ${run.exitCode})`);
  else if (run.signal !== null) print(`${newLine}ended by ${run.signal} (exit ${run.exitCode})`);
  return run.exitCode;
}
