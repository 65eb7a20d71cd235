/** The files by which one version of the memory controller is spoken to. Every method throws what the kernel refuses. */
export interface MemoryController {
  readonly enforcedBy: 'cgroup-v1' | 'cgroup-v2';
  /** Makes children of this group have a memory limit of their own. */
  enableForChildren(parentDirectory: string): void;
  /** Sets the limit, in bytes, and takes swap away where the kernel accounts for it. */
  setLimit(directory: string, limitBytes: number): void;
  /** How often the kernel killed a process of the group for want of memory; `null` on a kernel that does not count. */
  outOfMemoryKills(directory: string): number | null;
}
