import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SpillwayError } from '../../core/errors.js';
import { prepareCgroup } from './cgroup-place.js';
import { type CommandLine, type Enforcement, type LimitedPlace, reasonOf } from './mechanism.js';
import { watchForOrphan } from './orphan-watcher.js';
import { prepareSystemdScope } from './systemd-scope.js';

export interface LimitedCommand {
  /** The most memory that the command and everything it starts may hold together, in bytes. */
  readonly limitBytes: number;
  readonly command: string;
  readonly args: readonly string[];
  /** The environment; this process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where its input and output go; `inherit` when absent. */
  readonly stdio?: 'inherit' | 'ignore';
  /** Called once, before the command starts, with what will hold it and, when nothing will, why. */
  readonly onEnforcement?: (enforcedBy: Enforcement, refusals: readonly string[]) => void;
}

export interface LimitedRun {
  /** The command's own exit code, or 128 plus the signal's number, as a shell reports it. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  /** Whether the kernel killed it for reaching the limit. */
  readonly killedByLimit: boolean;
  readonly enforcedBy: Enforcement;
}

/** Told to the command: how many bytes it may hold, and who holds it to them. */
export const LIMIT_BYTES_VARIABLE = 'SPILLWAY_DEMO_LIMIT_BYTES';
export const ENFORCED_BY_VARIABLE = 'SPILLWAY_DEMO_ENFORCED_BY';

/** Sent to this process while a command runs, they are passed on to the command. */
export const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const SIGKILL_EXIT_CODE = 128 + constants.signals.SIGKILL;

/**
 * Runs a command under a memory limit that the kernel enforces: in a cgroup of our own, else in a systemd scope of the user's. Where
 * neither is allowed the command runs all the same, is told the limit by its environment, and `enforcedBy` says `none`.
 * SIGINT, SIGTERM and SIGHUP are passed on to the command. Nothing is left behind, also when this process is killed.
 * Runs on the main thread; it waits without blocking it.
 * @throws SpillwayError `ERR_SPILLWAY_CLI` when the command cannot be started.
 */
export async function runUnderMemoryLimit(request: LimitedCommand): Promise<LimitedRun> {
  const { place, refusals } = await preparePlace(request.limitBytes);
  const enforcedBy = place?.enforcedBy ?? 'none';
  const dismissWatcher = place?.orphanCleanup ? watchForOrphan(place.orphanCleanup) : null;
  try {
    request.onEnforcement?.(enforcedBy, refusals);
    const exit = await runCommand(request, place, enforcedBy);
    return { ...exit, killedByLimit: wasKilledByLimit(exit, place), enforcedBy };
  } finally {
    await place?.remove();
    dismissWatcher?.();
  }
}

async function preparePlace(limitBytes: number): Promise<{ place: LimitedPlace | null; refusals: string[] }> {
  const cgroup = await prepareCgroup(limitBytes);
  if (cgroup.status === 'ready') return { place: cgroup.place, refusals: [] };
  const scope = prepareSystemdScope(limitBytes);
  if (scope.status === 'ready') return { place: scope.place, refusals: [cgroup.reason] };
  return { place: null, refusals: [cgroup.reason, scope.reason] };
}

interface Exit {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}

async function runCommand(request: LimitedCommand, place: LimitedPlace | null, enforcedBy: Enforcement): Promise<Exit> {
  const plain: CommandLine = { command: request.command, args: request.args };
  const { command, args } = place === null ? plain : place.wrap(plain);
  const env = {
    ...(request.env ?? process.env),
    [LIMIT_BYTES_VARIABLE]: String(request.limitBytes),
    [ENFORCED_BY_VARIABLE]: enforcedBy,
  };
  let child: ChildProcess | null = null;
  const forward = (signal: NodeJS.Signals): void => {
    child?.kill(signal);
  };
  // Before the child exists: a signal that comes while it is being started must reach it, and not end us instead.
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  try {
    child = spawn(command, args, { env, stdio: request.stdio ?? 'inherit' });
    return await exitOf(child);
  } catch (cause) {
    throw new SpillwayError('ERR_SPILLWAY_CLI', `Could not start ${request.command}: ${reasonOf(cause)}`, { cause });
  } finally {
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal });
    });
  });
}

/** A scope cannot be asked once it is empty; there a SIGKILL that nobody here sent is taken for the kernel's. */
function wasKilledByLimit({ exitCode }: Exit, place: LimitedPlace | null): boolean {
  if (place === null || exitCode !== SIGKILL_EXIT_CODE) return false;
  return place.killedForMemory() ?? true;
}
