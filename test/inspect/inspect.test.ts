import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPressureRuntime } from '#src/index.js';
import { inspectedProcesses } from '#src/inspect/directory.js';
import { CLI, outcomeOf, spillway, startInspected } from '../support/programs.js';

let base: string;
let directory: string;
let env: NodeJS.ProcessEnv;
let outer: string | undefined;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'spillway-inspect-'));
  directory = join(base, `spillway-${userInfo().uid}`);
  env = { XDG_RUNTIME_DIR: base };
  outer = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = base;
});
afterEach(() => {
  if (outer === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = outer;
  rmSync(base, { recursive: true });
});

describe.skipIf(process.platform === 'win32')('a process that lets itself be inspected', () => {
  it('is listed, and read by status and watch, until it is gone', async () => {
    const child = await startInspected(env);
    const pid = String(child.pid);
    const { stdout } = await spillway(['ps', '--json'], env);
    expect(JSON.parse(stdout)).toMatchObject([
      { pid: child.pid, level: 'normal', title: expect.stringContaining('inspected') },
    ]);
    const status = await spillway(['status', '--json', '--pid', pid], env);
    expect(JSON.parse(status.stdout)).toMatchObject({ caches: { byName: { frame: 10_000 } } });

    const watching = spawn(process.execPath, [CLI, 'watch', '--pid', pid], { env: { ...process.env, ...env } });
    const watched = outcomeOf(watching);
    await once(watching.stdout, 'data');
    child.kill('SIGKILL');
    expect(await watched).toMatchObject({ code: 1, stderr: `process ${pid} is gone\n` });

    expect(readdirSync(directory)).toEqual([`${pid}.sock`]);
    expect((await spillway(['ps', '--json'], env)).stdout.trim()).toBe('[]');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is shown by the live page of another process, which ends with it', async () => {
    const child = await startInspected(env);
    const server = spawn(process.execPath, [CLI, 'dashboard', '--pid', String(child.pid)], {
      env: { ...process.env, ...env },
    });
    const served = outcomeOf(server);
    const [text] = (await once(server.stdout, 'data')) as [string];
    const response = await fetch(`${text.trim()}?stream`);
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toMatch(new RegExp(`^data: {"type":"hello","version":1,"pid":${child.pid},`));
    child.kill('SIGKILL');
    expect(await served).toMatchObject({ code: 1, stderr: `process ${child.pid} is gone\n` });
    await reader?.cancel().catch(() => undefined);
  });

  it('has a socket that only its user can open', async () => {
    const pressure = await startPressureRuntime({ inspect: true });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const [own] = inspectedProcesses();
    expect(statSync(own?.path ?? '').mode & 0o777).toBe(0o600);
    await pressure.stop();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('can have several runtimes', async () => {
    const first = await startPressureRuntime({ inspect: true });
    const second = await startPressureRuntime({ inspect: true });
    expect(inspectedProcesses().map(({ pid }) => pid)).toEqual([process.pid, process.pid]);
    await first.stop();
    await second.stop();
  });

  it('can be started from outside, and not by default', async () => {
    const pressure = await startPressureRuntime();
    expect(inspectedProcesses()).toEqual([]);
    await pressure.stop();
    process.env.SPILLWAY_INSPECT = '1';
    try {
      const inspected = await startPressureRuntime();
      expect(inspectedProcesses()).toHaveLength(1);
      await inspected.stop();
    } finally {
      delete process.env.SPILLWAY_INSPECT;
    }
  });

  it('works all the same when its folder belongs to everybody, and says so', async () => {
    writeFileSync(directory, 'in the way');
    chmodSync(directory, 0o644);
    const warned = once(process, 'warning');
    const pressure = await startPressureRuntime({ inspect: true });
    expect(pressure.level).toBe('normal');
    await expect(warned).resolves.toMatchObject([{ code: 'SPILLWAY_INSPECT' }]);
    await pressure.stop();
  });

  it('takes a folder back that was opened to others', async () => {
    mkdirSync(directory, { mode: 0o777 });
    chmodSync(directory, 0o777);
    const pressure = await startPressureRuntime({ inspect: true });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    await pressure.stop();
  });

  it('answers nothing but its stream', async () => {
    const pressure = await startPressureRuntime({ inspect: true });
    const [own] = inspectedProcesses();
    for (const line of ['GET / HTTP/1.1', 'POST /v1/stream HTTP/1.1', 'GET /v2/stream HTTP/1.1']) {
      const socket = connect(own?.path ?? '');
      socket.write(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
      expect(answer, line).toMatch(/^HTTP\/1.1 404/);
      socket.destroy();
    }
    await pressure.stop();
  });

  it('is told by its name when it does not let itself be inspected', async () => {
    const { code, stderr } = await spillway(['status', '--pid', '1'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('SPILLWAY_INSPECT=1');
  });
});
