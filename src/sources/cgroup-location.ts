import { existsSync } from 'node:fs';
import { searchGroup } from './cgroup-search.js';
import { CGROUP_V1, isHierarchical } from './cgroup-v1.js';
import { CGROUP_V2 } from './cgroup-v2.js';
import { type ControlGroupVersion, hasMemoryController } from './control-group.js';
import type { CgroupView } from './proc-cgroup.js';

/** A directory on the way from the process's own group to the highest one that is visible. */
export interface GroupDirectory {
  /** The group's path in its hierarchy, as the process sees it; empty for the root. */
  readonly path: string;
  readonly directory: string;
}

export interface CgroupLocation {
  readonly version: ControlGroupVersion;
  /** The group that is charged first, then its ancestors. */
  readonly directories: readonly GroupDirectory[];
  /** The groups below that the process is in, where memory is not accounted yet: it can be switched on while the process runs. */
  readonly uncharged: readonly GroupDirectory[];
  /** True when the process's own group cannot be seen, so that the nearest visible directory stands in. */
  readonly isApproximate: boolean;
}

/**
 * Finds the directories that account for the process's memory. Version 1 goes first: on a hybrid machine the memory controller is
 * there, and the version 2 hierarchy beside it has none. Of several mounts of a hierarchy, the one that shows most ancestors wins.
 * @returns null when nothing visible accounts for the process's memory.
 */
export function locateCgroup(view: CgroupView): CgroupLocation | null {
  let approximate: CgroupLocation | null = null;
  for (const version of [CGROUP_V1, CGROUP_V2]) {
    for (const way of candidateWays(version, view)) {
      const location = chargedPart(version, way);
      if (location !== null && !location.isApproximate) return location;
      approximate ??= location;
    }
  }
  return approximate;
}

/** The process's own directory in the version 2 hierarchy, whether or not memory is accounted there; null when it is not visible. */
export function locateUnifiedDirectory(view: CgroupView): string | null {
  const way = candidateWays(CGROUP_V2, view).find(({ isVisible }) => isVisible);
  return way?.directories[0]?.directory ?? null;
}

/** The way from the own group up to the root of one mount; `isVisible` is false when the own group is not below that root. */
interface Way {
  readonly directories: readonly GroupDirectory[];
  readonly isVisible: boolean;
}

function candidateWays(version: ControlGroupVersion, view: CgroupView): Way[] {
  const membership = view.memberships.find((candidate) => candidate.version === version);
  if (membership === undefined) return [];
  return view.mounts
    .filter((mount) => mount.version === version)
    .map((mount) => wayThrough(mount.root, view.resolve(mount.mountPoint), membership.path, view.processId))
    .sort((a, b) => Number(b.isVisible) - Number(a.isVisible) || b.directories.length - a.directories.length);
}

function wayThrough(root: string, directory: string, path: string, processId: number): Way {
  const names = namesBelow(root, directory, path, processId);
  const top = { path: root === '/' ? '' : root, directory };
  const directories = [top];
  let above = top;
  for (const name of names ?? []) {
    above = { path: `${above.path}/${name}`, directory: `${above.directory}/${name}` };
    directories.unshift(above);
  }
  return { directories, isVisible: names !== null };
}

/**
 * The names that lead from the mounted `root` down to `path`. The kernel writes both relative to the cgroup namespace, with a `/..`
 * for each level above it; the names of those levels are searched for. Null when `path` is not below `root`, or not to be found.
 */
function namesBelow(root: string, directory: string, path: string, processId: number): string[] | null {
  const rootNames = split(root);
  const pathNames = split(path);
  let common = 0;
  while (common < rootNames.length && rootNames[common] === pathNames[common]) common++;
  const unnamed = rootNames.slice(common);
  const names = pathNames.slice(common);
  if (names.includes('..') || unnamed.some((name) => name !== '..')) return null;
  return unnamed.length === 0 ? names : searchGroup(directory, unnamed.length, names, processId);
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** Cuts a way down to what accounts for memory: where the controller is not on, the nearest ancestor is charged. */
function chargedPart(version: ControlGroupVersion, way: Way): CgroupLocation | null {
  const own = way.directories.findIndex(({ directory }) => hasMemoryController(version, directory));
  if (own === -1) return null;
  let end = own + 1;
  while (end < way.directories.length && chargesBelow(version, way.directories[end])) end++;
  const directories = way.directories
    .slice(own, end)
    .filter(({ directory }) => hasMemoryController(version, directory));
  const uncharged = way.directories.slice(0, own);
  const ownExists = uncharged.every(({ directory }) => existsSync(directory));
  return { version, directories, uncharged, isApproximate: !way.isVisible || !ownExists };
}

function chargesBelow(version: ControlGroupVersion, group: GroupDirectory | undefined): boolean {
  return group !== undefined && (version !== CGROUP_V1 || isHierarchical(group.directory));
}
