import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { candidateParents, findMemoryHierarchy } from '#src/demo/memory-limit/cgroup-hierarchy.js';
import { runUnderMemoryLimit } from '#src/demo/memory-limit/run-under-memory-limit.js';
import { reasonForNoCgroup, titled } from './kernel-limit.js';

const MIB = 1024 * 1024;
const CLI = fileURLToPath(import.meta.resolve('#src/demo/memory-limit/main.js'));
const HOARD = 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));';

const noCgroup = await reasonForNoCgroup();
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function node(script: string): { command: string; args: string[] } {
  return { command: process.execPath, args: ['-e', script] };
}

function startCli(args: string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

/** Starts a command under the limit that prints its own group and then waits; resolves with the directory of that group. */
async function startSleeper(): Promise<{ cli: ChildProcess; group: string; pid: number }> {
  const cli = startCli(['64MiB', '--', 'sh', '-c', 'echo $$; cat /proc/self/cgroup; echo end; exec sleep 1000']);
  if (cli.stdout === null) throw new Error('no stdout');
  const lines: string[] = [];
  for await (const line of createInterface(cli.stdout)) {
    if (line === 'end') break;
    lines.push(line);
  }
  const name = basename(lines.find((line) => line.includes('/spillway-')) ?? '');
  const hierarchy = findMemoryHierarchy('/proc/self');
  if (hierarchy === null) throw new Error('no hierarchy');
  const parent = candidateParents(hierarchy).find((directory) => existsSync(join(directory, name)));
  if (parent === undefined) throw new Error(`no group ${name}`);
  return { cli, group: join(parent, name), pid: Number(lines[0]) };
}

async function gone(condition: () => boolean): Promise<void> {
  while (condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe.skipIf(noCgroup !== null)(titled('a command in a cgroup', noCgroup), () => {
  test('is reported killed by the limit when it goes over it', async () => {
    const run = await runUnderMemoryLimit({ limitBytes: 96 * MIB, ...node(HOARD), stdio: 'ignore' });
    expect(run).toMatchObject({ exitCode: 137, signal: 'SIGKILL', killedByLimit: true });
    expect(run.enforcedBy).toMatch(/^cgroup-v[12]$/);
  });

  test('passes its exit code on when it stays within the limit', async () => {
    const run = await runUnderMemoryLimit({ limitBytes: 256 * MIB, ...node('process.exit(7)'), stdio: 'ignore' });
    expect(run).toMatchObject({ exitCode: 7, signal: null, killedByLimit: false });
  });

  test('has its group removed by the time it is reported', async () => {
    await runUnderMemoryLimit({ limitBytes: 256 * MIB, ...node(''), stdio: 'ignore' });
    const hierarchy = findMemoryHierarchy('/proc/self');
    if (hierarchy === null) throw new Error('no hierarchy');
    const left = candidateParents(hierarchy).flatMap((parent) => readdirSync(parent));
    expect(left.filter((name) => name.startsWith('spillway-') && name.includes(`-${process.pid}-`))).toEqual([]);
  });

  test('is not reported killed by the limit when something else kills it', async () => {
    const script = 'process.kill(process.pid, "SIGKILL")';
    const run = await runUnderMemoryLimit({ limitBytes: 256 * MIB, ...node(script), stdio: 'ignore' });
    expect(run).toMatchObject({ exitCode: 137, signal: 'SIGKILL', killedByLimit: false });
  });

  test('is told the limit and who enforces it', async () => {
    const script =
      'process.exit(process.env.SPILLWAY_DEMO_LIMIT_BYTES === "268435456" ? process.env.SPILLWAY_DEMO_ENFORCED_BY.length : 1)';
    const run = await runUnderMemoryLimit({ limitBytes: 256 * MIB, ...node(script), stdio: 'ignore' });
    expect(run.exitCode).toBe(run.enforcedBy.length);
  });

  test('gets SIGTERM passed on, and its group is gone afterwards', async () => {
    const { cli, group } = await startSleeper();
    const exited = once(cli, 'exit');
    cli.kill('SIGTERM');
    expect(await exited).toEqual([143, null]);
    expect(existsSync(group)).toBe(false);
  });

  test('dies with its group when the parent is killed with SIGKILL', async () => {
    const { cli, group, pid } = await startSleeper();
    cli.kill('SIGKILL');
    await gone(() => existsSync(group) || existsSync(`/proc/${pid}`));
  });

  test('leaves arguments alone, whatever they hold', async () => {
    const cli = startCli(['64MiB', '--', 'printf', '%s|', 'a b', '$HOME', '', '"', '--', "'"]);
    if (cli.stdout === null) throw new Error('no stdout');
    expect(await text(cli.stdout)).toBe(`a b|$HOME||"|--|'|`);
  });

  test('removes the group, and kills the processes, that a dead owner left where no watcher did', async () => {
    const { cli, group } = await startSleeper();
    const orphan = spawn('sleep', ['1000'], { stdio: 'ignore' });
    started.push(orphan);
    const orphanExit = once(orphan, 'exit');
    // The start time is of no process that has this id now, as after the owner's death.
    const stale = join(dirname(group), basename(group).replace(/-\d+-\d+$/, '-1-1'));
    mkdirSync(stale);
    writeFileSync(join(stale, 'cgroup.procs'), String(orphan.pid));

    await runUnderMemoryLimit({ limitBytes: 256 * MIB, ...node(''), stdio: 'ignore' });
    expect(await orphanExit).toEqual([null, 'SIGKILL']);
    expect(existsSync(stale)).toBe(false);
    expect(existsSync(group), 'the group of a living owner stays').toBe(true);
    expect(cli.exitCode).toBe(null);
  });
});

describe('where the kernel cannot be asked', () => {
  const asRoot = process.getuid?.() === 0;
  const skipReason =
    process.platform === 'linux' && !asRoot ? 'needs root, to start something that is not allowed to' : null;

  test.skipIf(skipReason !== null)(
    skipReason ?? 'the command runs all the same, exit code and all, and a note says that nothing enforces the limit',
    async () => {
      const copy = mkdtempSync(join(tmpdir(), 'spillway-unprivileged-'));
      try {
        for (const folder of ['core', 'demo'])
          cpSync(join(dirname(CLI), '../..', folder), join(copy, folder), { recursive: true });
        writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
        // Node itself may be installed where only its owner may look.
        const ownNode = join(copy, 'node');
        copyFileSync(process.execPath, ownNode);
        const nobody = asRoot ? { uid: 65534, gid: 65534 } : {};
        const main = join(copy, 'demo/memory-limit/main.js');
        await once(spawn('chmod', ['-R', 'a+rX', copy], { stdio: 'ignore' }), 'exit');
        const script = 'console.log(process.env.SPILLWAY_DEMO_ENFORCED_BY); process.exit(5)';
        const cli = spawn(ownNode, [main, '64MiB', '--', ownNode, '-e', script], {
          cwd: copy,
          ...nobody,
        });
        started.push(cli);
        const exited = once(cli, 'exit');
        const [stdout, stderr] = await Promise.all([text(cli.stdout), text(cli.stderr)]);
        expect(stdout).toBe('none\n');
        expect(stderr).toMatch(/^note: the kernel is not enforcing the limit \(.+; systemd-run: .+\)\n$/);
        expect(await exited).toEqual([5, null]);
      } finally {
        rmSync(copy, { recursive: true });
      }
    },
  );
});

describe('the command line', () => {
  test.each([
    [[]],
    [['512MiB']],
    [['--', 'true']],
    [['much', '--', 'true']],
    [['0', '--', 'true']],
    [['1', '2', '--', 'true']],
  ])('exits 2 with the usage for %j', async (args) => {
    const cli = startCli(args);
    const exited = once(cli, 'exit');
    if (cli.stderr === null) throw new Error('no stderr');
    expect(await text(cli.stderr)).toMatch(/^usage: /);
    expect(await exited).toEqual([2, null]);
  });
});
