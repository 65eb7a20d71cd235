import { readdirSync } from 'node:fs';

/** Threads of this process, as the kernel counts them. */
export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Open descriptors of this process. */
export function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}
