import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
export const INSPECTED = fileURLToPath(new URL('../fixtures/inspected-process.mjs', import.meta.url));

/** Whether a program can be run here. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export function spillway(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } });
  return outcomeOf(child);
}

export function outcomeOf(child: ChildProcess): Promise<Run> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Starts a process that lets itself be inspected; resolves when it is ready. */
export async function startInspected(env: NodeJS.ProcessEnv): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, [INSPECTED], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the inspected process ended with ${code}`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the inspected process has no pid');
  return Object.assign(child, { pid });
}
