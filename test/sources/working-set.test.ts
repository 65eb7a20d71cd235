import { describe, expect, it } from 'vitest';
import { MIB } from '#src/core/units.js';
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

  it('is no less than the anonymous memory', () => {
    const group = groupOf(500, 210);
    expect(group.readWorkingSetBytes(500 * MIB) / MIB).toBe(300);
    group.close();
  });
});
