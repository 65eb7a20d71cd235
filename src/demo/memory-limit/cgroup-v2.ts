import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryController } from './memory-controller.js';

/** Source of the file names: the kernel's Documentation/admin-guide/cgroup-v2.rst. */
export const cgroupV2: MemoryController = {
  enforcedBy: 'cgroup-v2',

  enableForChildren(parentDirectory: string): void {
    const enabled = join(parentDirectory, 'cgroup.subtree_control');
    // The kernel refuses this for a group that has processes of its own (other than the root): EBUSY.
    if (!readFileSync(enabled, 'utf8').split(/\s+/).includes('memory')) writeFileSync(enabled, '+memory');
  },

  setLimit(directory: string, limitBytes: number): void {
    writeFileSync(join(directory, 'memory.max'), String(limitBytes));
    const swap = join(directory, 'memory.swap.max');
    if (existsSync(swap)) writeFileSync(swap, '0');
  },

  outOfMemoryKills(directory: string): number | null {
    const match = /^oom_kill (\d+)$/m.exec(readFileSync(join(directory, 'memory.events'), 'utf8'));
    return match === null ? null : Number(match[1]);
  },
};
