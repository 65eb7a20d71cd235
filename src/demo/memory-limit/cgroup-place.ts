import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeGroup, removeStaleGroups } from './cgroup-directory.js';
import { candidateParents, findMemoryHierarchy } from './cgroup-hierarchy.js';
import { cgroupV1 } from './cgroup-v1.js';
import { cgroupV2 } from './cgroup-v2.js';
import { ownedGroupName } from './group-owner.js';
import { type Attempt, type CommandLine, type LimitedPlace, reasonOf, refused } from './mechanism.js';
import type { MemoryController } from './memory-controller.js';

/**
 * The shell joins the group and only then becomes the command, so that no byte of the command's is charged elsewhere.
 * 125 is what env(1), nohup(1) and docker exit with when they themselves fail.
 */
const JOIN_AND_EXEC = 'echo $$ > "$1/cgroup.procs" || exit 125; shift; exec "$@"';

/** For a watcher that outlived the owner: kill what is in the group until it can be removed, for at most ten seconds. */
const KILL_AND_REMOVE =
  'n=0; while [ -d "$1" ] && [ $n -lt 100 ]; do ' +
  'for pid in $(cat "$1/cgroup.procs"); do [ "$pid" -gt 0 ] && kill -9 "$pid"; done; ' +
  'rmdir "$1" || sleep 0.1; n=$((n + 1)); done';

/**
 * Makes a memory group of our own: below the process's own group where that is allowed, else below its nearest ancestor where it is.
 * Groups that a killed owner left in those places are removed on the way.
 * @param limitBytes the limit, in bytes; the kernel rounds it down to whole pages.
 * @param procRoot `/proc` outside of tests.
 */
export async function prepareCgroup(limitBytes: number, procRoot = '/proc'): Promise<Attempt> {
  if (process.platform !== 'linux') return refused('cgroups exist on Linux only');
  let reason = 'no mounted cgroup hierarchy has the memory controller';
  try {
    const hierarchy = findMemoryHierarchy(join(procRoot, 'self'));
    if (hierarchy === null) return refused(reason);
    const controller = hierarchy.version === 1 ? cgroupV1 : cgroupV2;
    for (const parent of candidateParents(hierarchy)) {
      const attempt = await prepareBelow(parent, controller, limitBytes, procRoot);
      if (attempt.status === 'ready') return attempt;
      reason = attempt.reason;
    }
  } catch (error) {
    reason = reasonOf(error);
  }
  return refused(reason);
}

async function prepareBelow(
  parent: string,
  controller: MemoryController,
  limitBytes: number,
  procRoot: string,
): Promise<Attempt> {
  const directory = join(parent, ownedGroupName(procRoot));
  try {
    await removeStaleGroups(parent, procRoot);
    controller.enableForChildren(parent);
    mkdirSync(directory);
  } catch (error) {
    return refused(reasonOf(error));
  }
  try {
    controller.setLimit(directory, limitBytes);
    checkJoining(directory);
  } catch (error) {
    rmdirSync(directory);
    return refused(reasonOf(error));
  }
  return { status: 'ready', place: placeIn(directory, controller) };
}

/** Moving a process is a permission of its own (the common ancestor's, in version 2), so it is tried with one that does nothing. */
function checkJoining(directory: string): void {
  const { command, args } = joining(directory, { command: 'true', args: [] });
  const trial = spawnSync(command, args, { encoding: 'utf8' });
  if (trial.status !== 0) throw new Error(`a process could not join ${directory}: ${trial.stderr || trial.error}`);
}

function joining(directory: string, { command, args }: CommandLine): CommandLine {
  return { command: '/bin/sh', args: ['-c', JOIN_AND_EXEC, 'sh', directory, command, ...args] };
}

function placeIn(directory: string, controller: MemoryController): LimitedPlace {
  return {
    enforcedBy: controller.enforcedBy,
    wrap: (commandLine) => joining(directory, commandLine),
    orphanCleanup: [KILL_AND_REMOVE, 'sh', directory],
    killedForMemory: () => {
      const kills = controller.outOfMemoryKills(directory);
      return kills === null ? null : kills > 0;
    },
    remove: () => removeGroup(directory),
  };
}
