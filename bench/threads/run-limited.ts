import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const UNDER_LIMIT = fileURLToPath(new URL('../../src/demo/memory-limit/main.js', import.meta.url));

/** How a process under a limit ended; `result` is the line of JSON that it printed last, null where it died first. */
export interface LimitedRun<T> {
  readonly exitCode: number | null;
  readonly result: T | null;
}

/** Runs a program of this folder in a process of its own under a limit of the kernel. @param options its only argument, as JSON. */
export function runLimited<T>(
  limit: string,
  program: string,
  options: object,
  nodeFlags: readonly string[] = [],
): LimitedRun<T> {
  const child = [
    process.execPath,
    ...nodeFlags,
    fileURLToPath(new URL(program, import.meta.url)),
    JSON.stringify(options),
  ];
  const { status, stdout } = spawnSync(process.execPath, [UNDER_LIMIT, limit, '--', ...child], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  return { exitCode: status, result: line === undefined ? null : (JSON.parse(line) as T) };
}
