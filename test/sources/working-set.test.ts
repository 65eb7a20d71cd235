import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MIB } from '#src/core/units.js';
import { CGROUP_V2 } from '#src/sources/cgroup-v2.js';
import { ControlGroup } from '#src/sources/control-group.js';
import { copyOfTree, readTree, writtenTree } from './tree.js';

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

  it('does not count page cache that came after the statistics, which version 1 reads for the limit', async () => {
    const tree = copyOfTree('v1-leaf');
    const before = (await readTree(tree)).container;
    expect(before?.status).toBe('ok');
    const { readLimitBytes } = ControlGroup.prototype;
    const reader = vi.spyOn(ControlGroup.prototype, 'readLimitBytes').mockImplementation(function (this: ControlGroup) {
      const limitBytes = readLimitBytes.call(this);
      for (const path of readdirSync(tree.cgroup, { recursive: true, encoding: 'utf8' })) {
        if (path.endsWith('memory.usage_in_bytes')) writeFileSync(join(tree.cgroup, path), `${before?.limitBytes}\n`);
      }
      return limitBytes;
    });
    onTestFinished(() => reader.mockRestore());
    expect((await readTree(tree)).container).toEqual(before);
    expect(reader).toHaveBeenCalled();
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
