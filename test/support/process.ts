import { readdirSync, readFileSync } from 'node:fs';

/** Threads of this process, as the kernel counts them. */
export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Open descriptors of this process. */
export function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Names that the kernel knows the threads of this process by. */
export function threadNames(): string[] {
  return readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim());
}
