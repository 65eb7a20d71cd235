import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'spillway';
const NAME = /^spillway-(\d+)-(\d+)-(\d+)-(\d+)$/;

let groupsMade = 0;

/**
 * A name for a group that says who owns it: PID namespace, process id, start time in clock ticks, and a running number. A process id
 * alone is used again by the system, and means another process in another namespace that shares the cgroup mount.
 */
export function ownedGroupName(procRoot: string): string {
  groupsMade += 1;
  return [PREFIX, pidNamespace(procRoot), process.pid, startTicks(procRoot, process.pid), groupsMade].join('-');
}

/** Whether the name is one of ours, given by a process of this PID namespace that no longer exists. */
export function isOfDeadOwner(name: string, procRoot: string): boolean {
  const match = NAME.exec(name);
  if (match === null || match[1] !== pidNamespace(procRoot)) return false;
  return startTicks(procRoot, Number(match[2])) !== match[3];
}

/** The number in `pid:[4026531836]`. */
function pidNamespace(procRoot: string): string {
  return readlinkSync(join(procRoot, 'self', 'ns', 'pid')).replace(/\D/g, '');
}

/** Field 22 of proc_pid_stat(5), counted after the command name, which may hold spaces and brackets; `gone` without such a process. */
function startTicks(procRoot: string, pid: number): string {
  let stat: string;
  try {
    stat = readFileSync(join(procRoot, String(pid), 'stat'), 'utf8');
  } catch {
    return 'gone';
  }
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterName[22 - 3] ?? 'gone';
}
