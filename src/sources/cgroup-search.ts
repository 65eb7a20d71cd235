import { readdirSync } from 'node:fs';
import { KIB } from '../core/units.js';
import { PseudoFile } from './pseudo-file.js';

/** A machine with more groups at that depth is searched no further: this runs once, and costs about 20 µs a directory. */
const DIRECTORIES_TO_LOOK_AT = 2000;

/**
 * Finds the names of the directories above a cgroup namespace, which the kernel does not tell the processes inside: the way of
 * `depth` names below `directory` that leads, followed by `names`, to the group whose cgroup.procs lists the process.
 * @returns all the names, `names` included; null when there is no such group.
 */
export function searchGroup(
  directory: string,
  depth: number,
  names: readonly string[],
  processId: number,
): string[] | null {
  let ways: string[][] = [[]];
  let lookedAt = 0;
  for (let level = 0; level < depth; level++) {
    const deeper: string[][] = [];
    for (const way of ways) {
      if (++lookedAt > DIRECTORIES_TO_LOOK_AT) return null;
      for (const name of subdirectories([directory, ...way].join('/'))) deeper.push([...way, name]);
    }
    ways = deeper;
  }
  const found = ways
    .slice(0, DIRECTORIES_TO_LOOK_AT)
    .find((way) => listsProcess([directory, ...way, ...names].join('/'), processId));
  return found === undefined ? null : [...found, ...names];
}

function subdirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // A group that was removed, or may not be looked into, is not the one that this process is in.
  }
}

function listsProcess(directory: string, processId: number): boolean {
  const file = new PseudoFile(`${directory}/cgroup.procs`, 4 * KIB);
  const isListed = file.read() && file.text().split('\n').includes(String(processId));
  file.close();
  return isListed;
}
