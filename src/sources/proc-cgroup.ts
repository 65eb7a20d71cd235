import { KIB } from '../core/units.js';
import { CGROUP_V1 } from './cgroup-v1.js';
import { CGROUP_V2 } from './cgroup-v2.js';
import type { ControlGroupVersion } from './control-group.js';
import { PseudoFile } from './pseudo-file.js';

/** The group that the process is in, in one hierarchy that can account for memory: a line of /proc/self/cgroup (cgroups(7)). */
export interface Membership {
  readonly version: ControlGroupVersion;
  readonly path: string;
}

/** A mounted hierarchy that can account for memory: a line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface HierarchyMount {
  readonly version: ControlGroupVersion;
  /** The directory of the hierarchy that is visible at `mountPoint`; `/..` and the like are above the cgroup namespace. */
  readonly root: string;
  readonly mountPoint: string;
}

/** Maps a mount point to the directory to look into: itself, or its place in a recorded tree. */
export type ResolveMountPoint = (mountPoint: string) => string;

/** What /proc tells about the groups of a process. */
export interface CgroupView {
  readonly memberships: readonly Membership[];
  readonly mounts: readonly HierarchyMount[];
  readonly resolve: ResolveMountPoint;
  /** As cgroup.procs lists it; NaN: unknown. */
  readonly processId: number;
}

/** What the kernel appends to the path of a group that was removed while the process was still in it. */
const DELETED_SUFFIX = ' (deleted)';

/** Where systemd and every container runtime mount the hierarchies; taken when /proc/self/mountinfo cannot be read. */
const CUSTOMARY_MOUNTS: readonly HierarchyMount[] = [
  { version: CGROUP_V1, root: '/', mountPoint: '/sys/fs/cgroup/memory' },
  { version: CGROUP_V2, root: '/', mountPoint: '/sys/fs/cgroup' },
];

/** Reads the view of the process whose directory is given, `/proc/self`. A file that cannot be read leaves its part empty. */
export function readCgroupView(directory: string, resolve: ResolveMountPoint): CgroupView {
  const mountinfo = readWhole(`${directory}/mountinfo`);
  return {
    memberships: parseMemberships(readWhole(`${directory}/cgroup`) ?? ''),
    mounts: mountinfo === null ? CUSTOMARY_MOUNTS : parseMounts(mountinfo),
    resolve,
    processId: Number(/^Pid:\s*(\d+)$/m.exec(readWhole(`${directory}/status`) ?? '')?.[1]),
  };
}

function readWhole(path: string): string | null {
  const file = new PseudoFile(path, 4 * KIB);
  const text = file.read() ? file.text() : null;
  file.close();
  return text;
}

/** Reads `id:controllers:path` lines. Version 2 has an empty list of controllers; a path may contain colons. Pure. */
export function parseMemberships(text: string): Membership[] {
  const memberships: Membership[] = [];
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const path = match[2].endsWith(DELETED_SUFFIX) ? match[2].slice(0, -DELETED_SUFFIX.length) : match[2];
    if (match[1] === '') memberships.push({ version: CGROUP_V2, path });
    else if (match[1].split(',').includes('memory')) memberships.push({ version: CGROUP_V1, path });
  }
  return memberships;
}

/**
 * Reads `id parent device root mountPoint options [optional…] - type source superOptions` lines. A later mount on the same place
 * hides an earlier one, so only the last counts. Pure.
 */
export function parseMounts(text: string): HierarchyMount[] {
  const mounts = new Map<string, HierarchyMount>();
  for (const line of text.split('\n')) {
    const [place, kind] = line.split(' - ', 2);
    const [, , , root, mountPoint] = place?.split(' ') ?? [];
    const [type, , superOptions] = kind?.split(' ') ?? [];
    if (root === undefined || mountPoint === undefined) continue;
    const version = versionOf(type, superOptions);
    mounts.delete(mountPoint);
    if (version !== null)
      mounts.set(mountPoint, { version, root: unescapeOctal(root), mountPoint: unescapeOctal(mountPoint) });
  }
  return [...mounts.values()];
}

function versionOf(type: string | undefined, superOptions: string | undefined): ControlGroupVersion | null {
  if (type === 'cgroup2') return CGROUP_V2;
  return type === 'cgroup' && superOptions?.split(',').includes('memory') === true ? CGROUP_V1 : null;
}

/** Space, tab, line break and backslash stand as `\040` and so on in mountinfo. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
