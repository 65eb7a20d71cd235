import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { emptyReading } from '#src/core/reading.js';
import { openSources } from '#src/sources/detect.js';
import { copyOfTree, ok, readTree, type Tree, unavailable } from './tree.js';

const LEAF = ok(73142272, 200 * 2 ** 20);

async function openContainer(roots: Tree) {
  const opened = await openSources({ roots, processLimitBytes: null, updateIntervalMs: 5000 }, true);
  const source = opened.sources.find(({ resource }) => resource === 'container');
  if (source === undefined) throw new Error('the tree has no container');
  const reading = emptyReading();
  const read = () => {
    source.readInto(reading);
    return { ...reading };
  };
  return { read, close: () => opened.close() };
}

/** Permissions do not bind root, so the reading is taken by a process that gives its rights up after it has loaded the code. */
function readUnprivileged(tree: Tree): unknown {
  const child = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('children/read-unprivileged.mjs', import.meta.url))],
    { env: { ...process.env, SPILLWAY_TEST_TREE: JSON.stringify(tree) }, encoding: 'utf8' },
  );
  expect(child.stderr).toBe('');
  return JSON.parse(child.stdout);
}

describe('garbage in a file', () => {
  it.each([
    { file: 'memory.current', text: 'lots\n', words: 'not a number: "lots"' },
    { file: 'memory.current', text: '-4096\n', words: 'not a number: "-4096"' },
    { file: 'memory.current', text: '12.5\n', words: 'not a number: "12.5"' },
    { file: 'memory.current', text: '123abc\n', words: 'not a number: "123abc"' },
    { file: 'memory.current', text: 'max\n', words: 'not a number: "max"' },
    { file: 'memory.current', text: '', words: 'empty' },
    { file: 'memory.current', text: '\n', words: 'not a number: ""' },
    { file: 'memory.max', text: 'maximal\n', words: 'not a number: "maximal"' },
    { file: 'memory.max', text: '\u0000\u0001\n', words: 'not a number: "\\u0000\\u0001"' },
    { file: 'memory.stat', text: 'anon 5\ninactive_file many\n', words: 'not a number: "many"' },
    { file: 'memory.stat', text: 'anon 5\nxinactive_file 4\ninactive_files 3\n', words: 'no line "inactive_file"' },
  ])('makes the container unavailable: $file holding $text', async ({ file, text, words }) => {
    const tree = copyOfTree('v2-leaf');
    const path = `${tree.cgroup}/app/${file}`;
    writeFileSync(path, text);
    expect((await readTree(tree)).container).toEqual(unavailable(`${path}: ${words}`));
  });

  it('makes the system unavailable', async () => {
    const tree = copyOfTree('v2-leaf');
    writeFileSync(`${tree.proc}/meminfo`, 'MemTotal: some kB\n');
    const reason = `${tree.proc}/meminfo: not a number: "some kB"`;
    const { system, missing } = await readTree(tree);
    expect(system).toEqual(unavailable(reason));
    expect(missing).toEqual([{ name: 'system', reason }]);
  });

  it('makes the process unavailable', async () => {
    const tree = copyOfTree('v2-leaf');
    writeFileSync(`${tree.proc}/self/statm`, '12\n');
    expect((await readTree(tree, 1e9)).process).toEqual(unavailable(`${tree.proc}/self/statm: no column 1`));
  });
});

describe('a file that changes while it is read', () => {
  it('disappears and comes back', async () => {
    const tree = copyOfTree('v2-leaf');
    const path = `${tree.cgroup}/app/memory.current`;
    const container = await openContainer(tree);
    expect(container.read()).toEqual(LEAF);
    rmSync(path);
    expect(container.read()).toEqual(unavailable(`${path}: missing`));
    expect(container.read()).toEqual(unavailable(`${path}: missing`));
    writeFileSync(path, '75000000\n');
    expect(container.read()).toEqual(ok(75000000, LEAF.limitBytes));
    container.close();
  });

  it.each(['memory.max', 'memory.stat'])('disappears: %s', async (file) => {
    const tree = copyOfTree('v2-leaf');
    const container = await openContainer(tree);
    expect(container.read()).toEqual(LEAF);
    rmSync(`${tree.cgroup}/app/${file}`);
    expect(container.read()).toEqual(unavailable(`${tree.cgroup}/app/${file}: missing`));
    container.close();
  });

  it('is empty at first, and is removed once it was written', async () => {
    const tree = copyOfTree('v2-leaf');
    const path = `${tree.cgroup}/app/memory.current`;
    writeFileSync(path, '');
    const container = await openContainer(tree);
    expect(container.read()).toEqual(unavailable(`${path}: empty`));
    writeFileSync(path, '75000000\n');
    expect(container.read()).toEqual(ok(75000000, LEAF.limitBytes));
    rmSync(path);
    expect(container.read()).toEqual(unavailable(`${path}: missing`));
    container.close();
  });

  it('appears, because memory is accounted from now on in the group that the process is in', async () => {
    const tree = copyOfTree('v2-leaf');
    writeFileSync(`${tree.proc}/self/cgroup`, '0::/app/worker\n');
    mkdirSync(`${tree.cgroup}/app/worker`);
    const container = await openContainer(tree);
    expect(container.read()).toEqual(LEAF);
    for (const file of ['memory.current', 'memory.stat']) {
      cpSync(`${tree.cgroup}/app/${file}`, `${tree.cgroup}/app/worker/${file}`);
    }
    writeFileSync(`${tree.cgroup}/app/worker/memory.max`, '100000000\n');
    expect(container.read()).toEqual(ok(LEAF.usedBytes, 100000000));
    container.close();
  });

  it('is replaced by a directory', async () => {
    const tree = copyOfTree('v2-leaf');
    const path = `${tree.cgroup}/app/memory.current`;
    const container = await openContainer(tree);
    rmSync(path);
    mkdirSync(path);
    expect(container.read()).toEqual(unavailable(`${path}: a directory`));
    container.close();
  });

  it('holds another limit, which counts from the next reading on', async () => {
    const tree = copyOfTree('v2-leaf');
    const container = await openContainer(tree);
    writeFileSync(`${tree.cgroup}/app/memory.max`, '100000000\n');
    expect(container.read()).toEqual(ok(LEAF.usedBytes, 100000000));
    writeFileSync(`${tree.cgroup}/app/memory.max`, 'max\n');
    expect(container.read().status).toBe('unlimited');
    writeFileSync(`${tree.cgroup}/app/memory.max`, '300000000\n');
    expect(container.read()).toEqual(ok(LEAF.usedBytes, 300000000));
    container.close();
  });

  it('says that the process was moved to another group', async () => {
    const tree = copyOfTree('v2-leaf');
    const container = await openContainer(tree);
    expect(container.read()).toEqual(LEAF);
    cpSync(`${tree.cgroup}/app`, `${tree.cgroup}/other`, { recursive: true });
    writeFileSync(`${tree.cgroup}/other/memory.max`, '150000000\n');
    writeFileSync(`${tree.proc}/self/cgroup`, '0::/other\n');
    expect(container.read()).toEqual(ok(LEAF.usedBytes, 150000000));
    container.close();
  });
});

describe('a file without permission', () => {
  it('makes the source unavailable', async () => {
    const tree = copyOfTree('v2-leaf');
    const path = `${tree.cgroup}/app/memory.current`;
    chmodSync(path, 0o000);
    expect(readUnprivileged(tree)).toEqual(unavailable(`${path}: no permission`));
  });
});

describe('a directory without permission', () => {
  it('is not taken for one where memory is not accounted', async () => {
    const tree = copyOfTree('v2-leaf');
    chmodSync(`${tree.cgroup}/app`, 0o000);
    const reading = readUnprivileged(tree);
    chmodSync(`${tree.cgroup}/app`, 0o755);
    expect(reading).toEqual(unavailable(`${tree.cgroup}/app/memory.max: no permission`));
  });
});

describe('what is missing from the start', () => {
  it('is a failure where it is the limit of the own group, whose use is there', async () => {
    const tree = copyOfTree('v2-leaf');
    rmSync(`${tree.cgroup}/app/memory.max`);
    expect((await readTree(tree)).container).toEqual(unavailable(`${tree.cgroup}/app/memory.max: missing`));
  });

  it('is a failure where it is memory.stat, without which page cache would count as used', async () => {
    const tree = copyOfTree('v2-leaf');
    rmSync(`${tree.cgroup}/app/memory.stat`);
    expect((await readTree(tree)).container).toEqual(unavailable(`${tree.cgroup}/app/memory.stat: missing`));
  });

  it('is listed with its reason', async () => {
    const tree = copyOfTree('v2-leaf');
    rmSync(`${tree.proc}/self/cgroup`);
    rmSync(`${tree.proc}/pressure`, { recursive: true });
    rmSync(`${tree.proc}/self/limits`);
    const { container, missing, stall, process } = await readTree(tree);
    expect(container).toBeNull();
    expect(process?.status).toBe('unlimited');
    expect(stall).toEqual({ some: -1, full: -1 });
    expect(missing).toEqual([
      { name: 'container', reason: `${tree.proc}/self/cgroup: missing` },
      { name: 'process', reason: `${tree.proc}/self/limits: missing` },
      { name: 'stall', reason: `${tree.proc}/pressure/memory: missing` },
    ]);
  });

  it('includes a container whose hierarchy is not mounted', async () => {
    const tree = copyOfTree('v2-leaf');
    writeFileSync(`${tree.proc}/self/mountinfo`, '22 27 0:21 / /proc rw,relatime - proc proc rw\n');
    expect((await readTree(tree)).missing).toEqual([
      { name: 'container', reason: 'no visible control group accounts for the memory of this process' },
    ]);
  });
});
