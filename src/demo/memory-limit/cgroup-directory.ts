import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOfDeadOwner } from './group-owner.js';
import { reasonOf } from './mechanism.js';

/** A killed process leaves its group once its memory is torn down: about 0.1 s per GiB. 100 looks, 50 ms apart, are ample. */
const REMOVE_ATTEMPTS = 100;
const REMOVE_PAUSE_MS = 50;

/** Removes a group, killing first what is left in it. @throws when it is still there after five seconds. */
export async function removeGroup(directory: string): Promise<void> {
  for (let attempt = 1; existsSync(directory); attempt += 1) {
    killProcesses(directory);
    try {
      rmdirSync(directory);
    } catch (error) {
      if (attempt === REMOVE_ATTEMPTS) throw error;
      await sleep(REMOVE_PAUSE_MS);
    }
  }
}

/**
 * Removes, in one parent directory, the groups of owners that died without doing so. One that resists is no reason not to run: it
 * becomes a process warning.
 */
export async function removeStaleGroups(parentDirectory: string, procRoot: string): Promise<void> {
  for (const name of readdirSync(parentDirectory)) {
    if (!isOfDeadOwner(name, procRoot)) continue;
    const directory = join(parentDirectory, name);
    try {
      await removeGroup(directory);
    } catch (error) {
      process.emitWarning(`the group ${directory} of a dead owner stays: ${reasonOf(error)}`, {
        code: 'SPILLWAY_STALE_GROUP',
      });
    }
  }
}

function killProcesses(directory: string): void {
  for (const line of readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n')) {
    const pid = Number(line);
    // A process of a namespace that is not visible from here reads as 0, and kill(0) would mean our own process group.
    if (pid > 0) killIfAlive(pid);
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const alreadyGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!alreadyGone) throw error;
  }
}
