import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MIB } from '#src/core/units.js';
import { CGROUP_V1 } from '#src/sources/cgroup-v1.js';
import { CGROUP_V2 } from '#src/sources/cgroup-v2.js';
import { ControlGroup } from '#src/sources/control-group.js';
import { writtenTree } from './tree.js';

/** A group with 300 MiB of anonymous memory, as it is once its usage was read. */
function groupOf(usageMib: number, inactiveMib: number): ControlGroup {
  const { cgroup } = writtenTree({
    'cgroup/memory.max': `${512 * MIB}\n`,
    'cgroup/memory.current': `${usageMib * MIB}\n`,
    'cgroup/memory.stat': `anon ${300 * MIB}\ninactive_file ${inactiveMib * MIB}\n`,
  });
  return new ControlGroup(CGROUP_V2, '/', cgroup, null);
}

describe('the working set', () => {
  it('does not take page cache that was dropped between the two files for memory that cannot be had back', () => {
    const group = groupOf(330, 20);
    expect(group.readWorkingSetBytes(500 * MIB) / MIB).toBe(310);
    group.close();
  });

  it('is no less than what was used before, less the page cache, where more came in between', () => {
    const group = groupOf(500, 20);
    expect(group.readWorkingSetBytes(400 * MIB) / MIB).toBe(380);
    group.close();
  });

  it('does not count page cache that came after statistics which were read for the limit', () => {
    const { cgroup } = writtenTree({
      'cgroup/memory.limit_in_bytes': `${512 * MIB}\n`,
      'cgroup/memory.usage_in_bytes': `${400 * MIB}\n`,
      'cgroup/memory.stat': `hierarchical_memory_limit ${512 * MIB}\ntotal_rss ${300 * MIB}\ntotal_inactive_file ${20 * MIB}\n`,
    });
    const group = new ControlGroup(CGROUP_V1, '/', cgroup, null);
    group.beginReading();
    expect(group.readLimitBytes() / MIB).toBe(512);
    writeFileSync(`${cgroup}/memory.usage_in_bytes`, `${512 * MIB}\n`);
    expect(group.readWorkingSetBytes(group.readUsageBytes()) / MIB).toBe(380);
    group.close();
  });

  it('does not count page cache that the kernel calls active while it is being written', () => {
    const { cgroup } = writtenTree({
      'cgroup/memory.max': `${512 * MIB}\n`,
      'cgroup/memory.current': `${500 * MIB}\n`,
      'cgroup/memory.stat': `anon ${300 * MIB}\nfile_writeback ${100 * MIB}\ninactive_file ${20 * MIB}\nactive_file ${90 * MIB}\n`,
    });
    const group = new ControlGroup(CGROUP_V2, '/', cgroup, null);
    expect(group.readWorkingSetBytes(500 * MIB) / MIB, '80 MiB of it at the least').toBe(400);
    group.close();
  });

  it('is no less than the anonymous memory', () => {
    const group = groupOf(500, 210);
    expect(group.readWorkingSetBytes(500 * MIB) / MIB).toBe(300);
    group.close();
  });
});
