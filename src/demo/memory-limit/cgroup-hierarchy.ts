import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The mounted cgroup hierarchy that holds the memory controller, and where this process sits in it. */
export interface MemoryHierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  readonly ownDirectory: string;
}

interface Mount {
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly superOptions: readonly string[];
}

/**
 * Finds the hierarchy in which a memory limit can be set. A controller lives in one hierarchy at a time, so on a hybrid host the
 * version 1 mount of `memory`, where it exists, is the one that counts.
 * @param procDirectory the directory of this process in procfs: `/proc/self` outside of tests.
 * @returns `null` when no mounted hierarchy has the memory controller.
 */
export function findMemoryHierarchy(procDirectory: string): MemoryHierarchy | null {
  const mounts = parseMounts(readFileSync(join(procDirectory, 'mountinfo'), 'utf8'));
  const paths = parseOwnPaths(readFileSync(join(procDirectory, 'cgroup'), 'utf8'));
  const mountV1 = mounts.find((mount) => mount.type === 'cgroup' && mount.superOptions.includes('memory'));
  if (mountV1 !== undefined && paths.memoryV1 !== null) return hierarchy(1, mountV1, paths.memoryV1);
  const mountV2 = mounts.find((mount) => mount.type === 'cgroup2');
  if (mountV2 !== undefined && paths.unified !== null) return hierarchy(2, mountV2, paths.unified);
  return null;
}

/** The directories in which a group may be made, nearest first: the process's own group, then its ancestors up to the mount. */
export function candidateParents({ ownDirectory, mountPoint }: MemoryHierarchy): string[] {
  const parents = [ownDirectory];
  for (let directory = ownDirectory; directory !== mountPoint && directory !== '/'; ) {
    directory = dirname(directory);
    parents.push(directory);
  }
  return parents;
}

function hierarchy(version: 1 | 2, mount: Mount, path: string): MemoryHierarchy {
  return { version, mountPoint: mount.mountPoint, ownDirectory: directoryOf(mount, path) };
}

/** In a container the mount shows a part of the hierarchy only; a group outside of that part is not reachable by any path. */
function directoryOf({ root, mountPoint }: Mount, path: string): string {
  const prefix = root === '/' ? '' : root;
  const reachable = (path === prefix || path.startsWith(`${prefix}/`)) && !path.split('/').includes('..');
  return reachable ? join(mountPoint, path.slice(prefix.length)).replace(/(.)\/$/, '$1') : mountPoint;
}

/** Source of the field order: proc_pid_mountinfo(5); optional fields end at the single hyphen. */
function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const hyphen = fields.indexOf('-', 6);
    const root = fields[3];
    const mountPoint = fields[4];
    const type = fields[hyphen + 1];
    if (hyphen < 0 || root === undefined || mountPoint === undefined || type === undefined) continue;
    const superOptions = (fields[hyphen + 3] ?? '').split(',');
    mounts.push({ root: unescapeOctal(root), mountPoint: unescapeOctal(mountPoint), type, superOptions });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash in paths as three octal digits. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Source of the line format: cgroups(7), `/proc/[pid]/cgroup`: `id:controllers:path`, with id 0 and no controllers for version 2. */
function parseOwnPaths(cgroup: string): { memoryV1: string | null; unified: string | null } {
  let memoryV1: string | null = null;
  let unified: string | null = null;
  for (const line of cgroup.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    const controllers = match?.[2];
    const path = match?.[3];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '' && match?.[1] === '0') unified = path;
    else if (controllers.split(',').includes('memory')) memoryV1 = path;
  }
  return { memoryV1, unified };
}
