import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryController } from './memory-controller.js';

/** Source of the file names: the kernel's Documentation/admin-guide/cgroup-v1/memory.rst. */
export const cgroupV1: MemoryController = {
  enforcedBy: 'cgroup-v1',

  enableForChildren(): void {
    // In version 1 every group of the hierarchy has the controller.
  },

  setLimit(directory: string, limitBytes: number): void {
    writeFileSync(join(directory, 'memory.limit_in_bytes'), String(limitBytes));
    // Memory plus swap cannot be below memory alone, so it comes second. The file is missing where swap is not accounted;
    // there a swappiness of zero keeps the group's anonymous memory in RAM until the machine itself runs out.
    const memoryAndSwap = join(directory, 'memory.memsw.limit_in_bytes');
    if (existsSync(memoryAndSwap)) writeFileSync(memoryAndSwap, String(limitBytes));
    else writeFileSync(join(directory, 'memory.swappiness'), '0');
  },

  outOfMemoryKills(directory: string): number | null {
    const match = /^oom_kill (\d+)$/m.exec(readFileSync(join(directory, 'memory.oom_control'), 'utf8'));
    return match === null ? null : Number(match[1]);
  },
};
