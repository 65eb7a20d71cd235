import type { ControlGroupVersion } from './control-group.js';
import { fieldKey, PseudoFile } from './pseudo-file.js';

/**
 * Control groups of version 1 (Documentation/admin-guide/cgroup-v1/memory.rst). The `total_` lines of memory.stat count the group
 * and everything below it, as its usage does. "No limit" is a huge number, PAGE_COUNTER_MAX pages: 9223372036854771712 bytes.
 * `hierarchical_memory_limit` covers the ancestors above the mount as well, whose own files a container cannot see.
 */
export const CGROUP_V1: ControlGroupVersion = {
  name: 'cgroup v1',
  signFiles: ['memory.limit_in_bytes', 'memory.usage_in_bytes'],
  limitFile: 'memory.limit_in_bytes',
  usageFile: 'memory.usage_in_bytes',
  inactiveFileKeys: [fieldKey('total_inactive_file'), fieldKey('inactive_file')],
  anonKeys: [fieldKey('total_rss'), fieldKey('rss')],
  activeFileKeys: [fieldKey('total_active_file'), fieldKey('active_file')],
  writebackKeys: [fieldKey('total_writeback'), fieldKey('writeback')],
  hierarchicalLimitKey: fieldKey('hierarchical_memory_limit'),
  facts: [
    ['limitHits', 'memory.failcnt', null],
    ['oomKills', 'memory.oom_control', fieldKey('oom_kill')],
    ['softLimitBytes', 'memory.soft_limit_in_bytes', null],
  ],
};

/** Whether the groups below `directory` are charged to it too; before Linux 5.11 that could be switched off for each group. */
export function isHierarchical(directory: string): boolean {
  const file = new PseudoFile(`${directory}/memory.use_hierarchy`);
  const flag = file.readNumber();
  file.close();
  return flag !== 0;
}
