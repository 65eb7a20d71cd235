import { spawnSync } from 'node:child_process';
import { type Attempt, type CommandLine, refused } from './mechanism.js';

/** A user manager that hangs must not hang us: it answers within milliseconds where it answers at all. */
const TRIAL_TIMEOUT_MS = 5_000;

let scopesMade = 0;

/**
 * A transient scope of the user's own service manager: the way to a memory limit without root on a systemd desktop or server.
 * @param limitBytes the limit, in bytes. Swap is off inside of the scope.
 */
export function prepareSystemdScope(limitBytes: number): Attempt {
  if (process.platform !== 'linux') return refused('systemd exists on Linux only');
  const trial = scoped(limitBytes, nextUnit(), { command: 'true', args: [] });
  const result = spawnSync(trial.command, trial.args, { encoding: 'utf8', timeout: TRIAL_TIMEOUT_MS });
  if (result.error !== undefined) return refused(`systemd-run: ${result.error.message}`);
  if (result.status !== 0) return refused(`systemd-run: ${result.stderr.trim()}`);

  const unit = nextUnit();
  return {
    status: 'ready',
    place: {
      enforcedBy: 'systemd-scope',
      wrap: (commandLine) => scoped(limitBytes, unit, commandLine),
      orphanCleanup: ['systemctl --user stop "$1"', 'sh', `${unit}.scope`],
      // The scope's group is gone the moment its last process is, and its counters with it.
      killedForMemory: () => null,
      remove: () => Promise.resolve(),
    },
  };
}

function nextUnit(): string {
  scopesMade += 1;
  return `spillway-${process.pid}-${Date.now()}-${scopesMade}`;
}

/** `--scope` runs the command in the foreground with our stdio; `--collect` forgets a unit that failed. */
function scoped(limitBytes: number, unit: string, { command, args }: CommandLine): CommandLine {
  const options = ['--user', '--scope', '--quiet', '--collect', `--unit=${unit}`];
  const limits = ['-p', `MemoryMax=${limitBytes}`, '-p', 'MemorySwapMax=0'];
  return { command: 'systemd-run', args: [...options, ...limits, '--', command, ...args] };
}
