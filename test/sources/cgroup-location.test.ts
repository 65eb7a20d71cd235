import { describe, expect, it } from 'vitest';
import { ok, readTree, unlimited, writtenTree } from './tree.js';

const MIB = 2 ** 20;
const MEMINFO = 'MemTotal:        8388608 kB\nMemFree:         4194304 kB\nMemAvailable:    6291456 kB\n';
const V2_MOUNT = '25 22 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
const V1_MOUNT = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n';
const HUGE = '9223372036854771712';

/** A tree of this membership and these mounts; `groups` are the files below cgroup/. */
function tree(membership: string, mounts: string | null, groups: Readonly<Record<string, string>>) {
  const files: Record<string, string> = { 'proc/meminfo': MEMINFO, 'proc/self/cgroup': membership };
  if (mounts !== null) files['proc/self/mountinfo'] = mounts;
  for (const [path, text] of Object.entries(groups)) files[`cgroup/${path}`] = text;
  return writtenTree(files);
}

/** The files of a version 2 group, MiB. */
function v2(directory: string, max: number | 'max', current: number, inactiveFile = 0): Record<string, string> {
  return {
    [`${directory}/memory.max`]: max === 'max' ? 'max\n' : `${max * MIB}\n`,
    [`${directory}/memory.current`]: `${current * MIB}\n`,
    [`${directory}/memory.stat`]: `anon 4096\nfile 0\ninactive_file ${inactiveFile * MIB}\nactive_file 0\n`,
  };
}

/** The files of a version 1 group, MiB; `null`: the huge number. */
function v1(directory: string, limit: number | null, hierarchical: number | null, usage: number) {
  const bytes = (mebibytes: number | null) => (mebibytes === null ? HUGE : String(mebibytes * MIB));
  return {
    [`${directory}/memory.limit_in_bytes`]: `${bytes(limit)}\n`,
    [`${directory}/memory.usage_in_bytes`]: `${bytes(usage)}\n`,
    [`${directory}/memory.stat`]: `cache 0\nrss 1\ninactive_file 1\nhierarchical_memory_limit ${bytes(hierarchical)}\ntotal_rss 4096\ntotal_inactive_file 0\n`,
  };
}

async function container(...args: Parameters<typeof tree>) {
  const { container, descriptions } = await readTree(tree(...args));
  return { reading: container, description: descriptions.container };
}

describe('the way to the control group', () => {
  it('is found below a mount that shows only the own part of the hierarchy (Docker, v1)', async () => {
    const mount = V1_MOUNT.replace(' / ', ' /docker/4f2c ');
    const groups = v1('memory', 300, 300, 90);
    const { reading } = await container('4:memory:/docker/4f2c\n', mount, groups);
    expect(reading).toEqual(ok(90 * MIB, 300 * MIB));
  });

  it('knows the limit of an ancestor above the mount from hierarchical_memory_limit (v1)', async () => {
    const mount = V1_MOUNT.replace(' / ', ' /kubepods/pod1/ctr ');
    const { reading } = await container('4:memory:/kubepods/pod1/ctr\n', mount, v1('memory', null, 200, 90));
    expect(reading).toEqual(ok(90 * MIB, 200 * MIB));
  });

  it('reads a hierarchy that is mounted elsewhere, under a name with a space', async () => {
    const mount = '99 22 0:22 / /mnt/my\\040groups rw - cgroup2 none rw\n';
    const { reading } = await container('0::/app\n', mount, v2('mnt/my groups/app', 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('reads a memory controller that is mounted together with others (v1)', async () => {
    const mount = '35 31 0:32 / /sys/fs/cgroup/cpu,memory rw - cgroup cgroup rw,cpu,memory\n';
    const { reading } = await container('3:cpu,memory:/app\n', mount, v1('cpu,memory/app', 100, 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('takes the mount that shows most ancestors', async () => {
    const mounts = `40 22 0:22 /pod/app /own rw - cgroup2 none rw\n${V2_MOUNT}`;
    const groups = { ...v2('own', 'max', 40), ...v2('pod/app', 'max', 40), ...v2('pod', 100, 60) };
    const { reading, description } = await container('0::/pod/app\n', mounts, groups);
    expect(reading).toEqual(ok(60 * MIB, 100 * MIB));
    expect(description).toBe('cgroup v2 /pod/app, limited by /pod');
  });

  it('does not look at a mount that another one hides', async () => {
    const mounts = `${V2_MOUNT}60 22 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n`;
    expect((await container('0::/app\n', mounts, v2('app', 100, 40))).reading).toBeNull();
  });

  it('goes up to where the memory controller is on, whose group is the one that is charged (v2)', async () => {
    const groups = { ...v2('service', 100, 40), 'service/worker/cgroup.procs': '12\n' };
    const { reading, description } = await container('0::/service/worker\n', V2_MOUNT, groups);
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
    expect(description).toBe('cgroup v2 /service');
  });

  it('follows a path above the namespace that the mount shows too', async () => {
    const mount = V2_MOUNT.replace(' / ', ' /../.. ');
    const { reading } = await container('0::/../../pod/app\n', mount, v2('pod/app', 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('ends at the mount when the process is at the top of it, above its namespace', async () => {
    const mount = V2_MOUNT.replace(' / ', ' /../.. ');
    const { reading, description } = await container('0::/../..\n', mount, v2('.', 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
    expect(description).toBe('cgroup v2 /../..');
  });

  it.each([
    { membership: '0::/../..\n', mount: V2_MOUNT },
    { membership: '0::/user.slice/session\n', mount: V2_MOUNT.replace(' / ', ' /system.slice/box ') },
    { membership: '0::/docker/4f2c\n', mount: V2_MOUNT },
    { membership: '0::/\n', mount: V2_MOUNT.replace(' / ', ' /../.. ') },
  ])('stands in with the top of the mount, and says so: $membership', async ({ membership, mount }) => {
    const { reading, description } = await container(membership, mount, v2('.', 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
    expect(description).toMatch(/^cgroup v2 \/.* \(its own group is not visible\)$/);
  });

  it('assumes the customary mounts when mountinfo cannot be read', async () => {
    expect((await container('0::/app\n', null, v2('app', 100, 40))).reading).toEqual(ok(40 * MIB, 100 * MIB));
    const inV1 = await container('4:memory:/app\n0::/\n', null, v1('memory/app', 100, 100, 40));
    expect(inV1.reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('prefers the version 1 controller on a hybrid machine, and takes version 2 where that is not mounted', async () => {
    const unified = V2_MOUNT.replace('/sys/fs/cgroup ', '/sys/fs/cgroup/unified ');
    const groups = { ...v1('memory/app', 100, 100, 40), 'unified/app/cgroup.procs': '' };
    const membership = '4:memory:/app\n1:name=systemd:/app\n0::/app\n';
    expect((await container(membership, unified + V1_MOUNT, groups)).reading).toEqual(ok(40 * MIB, 100 * MIB));
    const inV2 = await container(membership, V2_MOUNT, v2('app', 200, 40));
    expect(inV2.reading).toEqual(ok(40 * MIB, 200 * MIB));
  });

  it('takes a path as it is, with colons, and without the mark of a removed group', async () => {
    const groups = { ...v2('a:b/c', 100, 40), ...v2('gone', 100, 30) };
    expect((await container('0::/a:b/c\n', V2_MOUNT, groups)).reading).toEqual(ok(40 * MIB, 100 * MIB));
    expect((await container('0::/gone (deleted)\n', V2_MOUNT, groups)).reading).toEqual(ok(30 * MIB, 100 * MIB));
  });
});

describe('the tightest limit', () => {
  it('is the own one when that is fuller than its ancestors', async () => {
    const groups = { ...v2('pod/app', 50, 40), ...v2('pod', 100, 60), ...v2('.', 'max', 900) };
    expect((await container('0::/pod/app\n', V2_MOUNT, groups)).reading).toEqual(ok(40 * MIB, 50 * MIB));
  });

  it('is the ancestor that is fuller, even with a higher limit, with all that is charged to it', async () => {
    const groups = { ...v2('pod/app', 50, 20), ...v2('pod', 100, 95) };
    expect((await container('0::/pod/app\n', V2_MOUNT, groups)).reading).toEqual(ok(95 * MIB, 100 * MIB));
  });

  it('does not come from page cache that can be dropped', async () => {
    const groups = { ...v2('pod/app', 50, 20), ...v2('pod', 100, 100, 90) };
    expect((await container('0::/pod/app\n', V2_MOUNT, groups)).reading).toEqual(ok(20 * MIB, 50 * MIB));
    const full = await container('0::/app\n', V2_MOUNT, v2('app', 100, 100, 99));
    expect(full.reading).toEqual(ok(1 * MIB, 100 * MIB));
  });

  it('has the anonymous memory as its least use', async () => {
    const groups = { ...v2('app', 100, 50, 45), 'app/memory.stat': `anon ${30 * MIB}\ninactive_file ${45 * MIB}\n` };
    expect((await container('0::/app\n', V2_MOUNT, groups)).reading).toEqual(ok(30 * MIB, 100 * MIB));
  });

  it('is none when every limit is above what the machine has', async () => {
    const groups = { ...v2('pod/app', 8193, 40), ...v2('pod', 'max', 60) };
    expect((await container('0::/pod/app\n', V2_MOUNT, groups)).reading).toEqual(unlimited(40 * MIB));
    const atTheMachine = await container('0::/app\n', V2_MOUNT, v2('app', 8192, 40));
    expect(atTheMachine.reading).toEqual(ok(40 * MIB, 8192 * MIB));
  });

  it('leaves out an ancestor that the groups below are not charged to (v1 before Linux 5.11)', async () => {
    const groups = {
      ...v1('memory/pod/app', 100, 100, 40),
      ...v1('memory/pod', 50, 50, 49),
      'memory/pod/memory.use_hierarchy': '0\n',
      'memory/pod/app/memory.use_hierarchy': '0\n',
    };
    expect((await container('4:memory:/pod/app\n', V1_MOUNT, groups)).reading).toEqual(ok(40 * MIB, 100 * MIB));
    groups['memory/pod/memory.use_hierarchy'] = '1\n';
    expect((await container('4:memory:/pod/app\n', V1_MOUNT, groups)).reading).toEqual(ok(49 * MIB, 50 * MIB));
  });

  it('is that of a grandparent alone', async () => {
    const groups = { ...v2('a/b/c', 'max', 40), ...v2('a/b', 'max', 50), ...v2('a', 100, 70), ...v2('.', 'max', 900) };
    const { reading, description } = await container('0::/a/b/c\n', V2_MOUNT, groups);
    expect(reading).toEqual(ok(70 * MIB, 100 * MIB));
    expect(description).toBe('cgroup v2 /a/b/c, limited by /a');
  });

  it('is the lower of the own one and hierarchical_memory_limit, which covers ancestors that are not visible (v1)', async () => {
    const mount = V1_MOUNT.replace(' / ', ' /pod/app ');
    const { reading } = await container('4:memory:/pod/app\n', mount, v1('memory', 200, 100, 40));
    expect(reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('is read from the ancestors themselves, whatever hierarchical_memory_limit says (v1)', async () => {
    const groups = { ...v1('memory/pod/app', null, null, 40), ...v1('memory/pod', 100, 100, 60) };
    expect((await container('4:memory:/pod/app\n', V1_MOUNT, groups)).reading).toEqual(ok(60 * MIB, 100 * MIB));
  });

  it.each(['9223372036854771712', '9223372036854710272', '18446744073709551615'])(
    'is none where it is %s',
    async (text) => {
      const groups = { ...v2('app', 'max', 40), 'app/memory.max': `${text}\n` };
      expect((await container('0::/app\n', V2_MOUNT, groups)).reading).toEqual(unlimited(40 * MIB));
    },
  );

  it('counts what the group below uses where the ancestor shows only its limit', async () => {
    const groups = { ...v2('pod/app', 'max', 40), 'pod/memory.max': `${100 * MIB}\n` };
    expect((await container('0::/pod/app\n', V2_MOUNT, groups)).reading).toEqual(ok(40 * MIB, 100 * MIB));
  });

  it('reads memory.stat of an old kernel, without the lines for the whole hierarchy (v1)', async () => {
    const groups = { ...v1('memory/app', 100, 100, 50), 'memory/app/memory.stat': 'rss 4096\ninactive_file 1048576\n' };
    expect((await container('4:memory:/app\n', V1_MOUNT, groups)).reading).toEqual(ok(49 * MIB, 100 * MIB));
  });
});
