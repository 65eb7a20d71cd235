import type { ControlGroupVersion } from './control-group.js';
import { fieldKey } from './pseudo-file.js';

/**
 * Control groups of version 2 (Documentation/admin-guide/cgroup-v2.rst). `memory.max` is the limit that kills; `memory.high` only
 * throttles, so it is a fact. memory.stat and memory.events count the group and everything below it. Where the memory controller
 * is not switched on for a group, it has none of these files, and the nearest ancestor that has is charged.
 */
export const CGROUP_V2: ControlGroupVersion = {
  name: 'cgroup v2',
  signFiles: ['memory.current', 'memory.max', 'memory.stat'],
  limitFile: 'memory.max',
  usageFile: 'memory.current',
  inactiveFileKeys: [fieldKey('inactive_file'), fieldKey('inactive_file')],
  anonKeys: [fieldKey('anon'), fieldKey('anon')],
  activeFileKeys: [fieldKey('active_file'), fieldKey('active_file')],
  writebackKeys: [fieldKey('file_writeback'), fieldKey('file_writeback')],
  hierarchicalLimitKey: null,
  facts: [
    ['highBytes', 'memory.high', null],
    ['swapBytes', 'memory.swap.current', null],
    ['swapLimitBytes', 'memory.swap.max', null],
    ['lowEvents', 'memory.events', fieldKey('low')],
    ['highEvents', 'memory.events', fieldKey('high')],
    ['maxEvents', 'memory.events', fieldKey('max')],
    ['oomEvents', 'memory.events', fieldKey('oom')],
    ['oomKills', 'memory.events', fieldKey('oom_kill')],
  ],
};
