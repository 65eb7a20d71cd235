import { existsSync, readlinkSync } from 'node:fs';

/** The kernel's id of the calling thread, where `/proc` tells it (Linux); -1 elsewhere. */
export function kernelThreadId(): number {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').pop());
    return Number.isInteger(id) && id > 0 ? id : -1;
  } catch {
    return -1; // not Linux, or no /proc
  }
}

/** Whether the kernel still runs that thread of this process. @param id as `kernelThreadId` told it. */
export function isKernelThreadThere(id: number): boolean {
  return existsSync(`/proc/self/task/${id}`);
}
