import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { candidateParents, findMemoryHierarchy } from '#src/demo/memory-limit/cgroup-hierarchy.js';
import { prepareCgroup } from '#src/demo/memory-limit/cgroup-place.js';
import { isOfDeadOwner, ownedGroupName } from '#src/demo/memory-limit/group-owner.js';

const UNIFIED = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const MEMORY_V1 = '36 32 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup rw,memory';
const CPU_V1 = '35 32 0:30 / /sys/fs/cgroup/cpu rw shared:14 - cgroup cgroup rw,cpu,cpuacct';
const UNIFIED_BESIDE_V1 = '33 32 0:28 / /sys/fs/cgroup/unified rw shared:12 - cgroup2 cgroup2 rw';

let root: string;
let proc: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spillway-hierarchy-'));
  proc = join(root, 'proc');
  mkdirSync(join(proc, 'self', 'ns'), { recursive: true });
  symlinkSync('pid:[4026531836]', join(proc, 'self', 'ns', 'pid'));
  addProcess(process.pid, 4242);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function record(mountinfo: string[], cgroup: string[]): void {
  writeFileSync(join(proc, 'self', 'mountinfo'), `${mountinfo.join('\n')}\n`);
  writeFileSync(join(proc, 'self', 'cgroup'), `${cgroup.join('\n')}\n`);
}

function addProcess(pid: number, startTicks: number): void {
  mkdirSync(join(proc, String(pid)), { recursive: true });
  const fields = Array.from({ length: 49 }, (_, index) => (index === 18 ? startTicks : index));
  writeFileSync(join(proc, String(pid), 'stat'), `${pid} (a) b (c)) S ${fields.join(' ')}\n`);
}

describe('finding the hierarchy with the memory controller', () => {
  test.each([
    [
      'a unified host',
      [UNIFIED],
      ['0::/user.slice/app.slice/x.scope'],
      2,
      '/sys/fs/cgroup/user.slice/app.slice/x.scope',
    ],
    ['a process in the root group', [UNIFIED], ['0::/'], 2, '/sys/fs/cgroup'],
    [
      'a hybrid host',
      [UNIFIED_BESIDE_V1, CPU_V1, MEMORY_V1],
      ['4:memory:/a', '1:cpu,cpuacct:/b', '0::/c'],
      1,
      '/sys/fs/cgroup/memory/a',
    ],
    [
      'a container that sees its own part of the hierarchy',
      [MEMORY_V1.replace('0:31 /', '0:31 /docker/ab')],
      ['4:memory:/docker/ab/child'],
      1,
      '/sys/fs/cgroup/memory/child',
    ],
    [
      'a group outside of the part that is mounted',
      [MEMORY_V1.replace('0:31 /', '0:31 /docker/ab')],
      ['4:memory:/docker/abc'],
      1,
      '/sys/fs/cgroup/memory',
    ],
    ['a group outside of the cgroup namespace', [UNIFIED], ['0::/../other'], 2, '/sys/fs/cgroup'],
    ['a mount point with a space', [UNIFIED.replace('/sys/fs/cgroup', '/mnt/c\\040g')], ['0::/x'], 2, '/mnt/c g/x'],
    ['a mount line without optional fields', [UNIFIED.replace(' shared:9', '')], ['0::/x'], 2, '/sys/fs/cgroup/x'],
  ])('%s', (_, mountinfo, cgroup, version, ownDirectory) => {
    record(mountinfo, cgroup);
    expect(findMemoryHierarchy(join(proc, 'self'))).toMatchObject({ version, ownDirectory });
  });

  test('there is none where only other controllers are mounted', () => {
    record([CPU_V1], ['1:cpu,cpuacct:/b', '4:memory:/a']);
    expect(findMemoryHierarchy(join(proc, 'self'))).toBe(null);
  });

  test('parents are offered nearest first, up to the mount and not above it', () => {
    const hierarchy = { version: 2, mountPoint: '/sys/fs/cgroup', ownDirectory: '/sys/fs/cgroup/a/b' } as const;
    expect(candidateParents(hierarchy)).toEqual(['/sys/fs/cgroup/a/b', '/sys/fs/cgroup/a', '/sys/fs/cgroup']);
  });
});

describe.skipIf(process.platform !== 'linux')('making a version 2 group (on Linux)', () => {
  test('passes by a group that cannot give its children the controller, and limits memory in the nearest that can', async () => {
    const mount = join(root, 'cgroup');
    const own = join(mount, 'slice', 'own');
    mkdirSync(join(own, 'cgroup.subtree_control'), { recursive: true });
    writeFileSync(join(mount, 'slice', 'cgroup.subtree_control'), 'cpu pids\n');
    record([UNIFIED.replace('/sys/fs/cgroup', mount)], ['0::/slice/own']);

    const attempt = await prepareCgroup(512, proc);
    if (attempt.status === 'refused') throw new Error(attempt.reason);
    expect(attempt.place.enforcedBy).toBe('cgroup-v2');
    expect(readFileSync(join(mount, 'slice', 'cgroup.subtree_control'), 'utf8')).toBe('+memory');
    const group = attempt.place.wrap({ command: 'true', args: [] }).args[3] ?? '';
    expect(dirname(group)).toBe(join(mount, 'slice'));
    expect(basename(group)).toMatch(new RegExp(`^spillway-4026531836-${process.pid}-4242-\\d+$`));
    expect(readFileSync(join(group, 'memory.max'), 'utf8')).toBe('512');

    expect(attempt.place.killedForMemory).toThrow('memory.events');
    writeFileSync(join(group, 'memory.events'), 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 0\n');
    expect(attempt.place.killedForMemory()).toBe(false);
    writeFileSync(join(group, 'memory.events'), 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n');
    expect(attempt.place.killedForMemory()).toBe(true);
  });

  test('is refused with the reason where nothing is mounted', async () => {
    record([CPU_V1], ['0::/']);
    expect(await prepareCgroup(512, proc)).toEqual({
      status: 'refused',
      reason: 'no mounted cgroup hierarchy has the memory controller',
    });
  });
});

describe('the owner in a group name', () => {
  test('is alive while a process has its id and its start time', () => {
    addProcess(77, 1000);
    expect(isOfDeadOwner('spillway-4026531836-77-1000-1', proc)).toBe(false);
    expect(isOfDeadOwner('spillway-4026531836-77-999-1', proc)).toBe(true);
    expect(isOfDeadOwner('spillway-4026531836-78-1000-1', proc)).toBe(true);
    expect(isOfDeadOwner(ownedGroupName(proc), proc)).toBe(false);
  });

  test('is not judged when it belongs to another PID namespace, or the name is not ours', () => {
    expect(isOfDeadOwner('spillway-4026531999-78-1000-1', proc)).toBe(false);
    expect(isOfDeadOwner('spillway-78-1000-1', proc)).toBe(false);
    expect(isOfDeadOwner('system.slice', proc)).toBe(false);
  });
});
