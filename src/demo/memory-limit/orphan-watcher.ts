import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** `read` returns when the other end of the pipe is closed, which the kernel does for an owner that was killed. */
const WAIT_FOR_OWNER = 'trap "" INT TERM HUP; read -r _; ';

/**
 * Starts a small shell that outlives this process and cleans up after it if it is killed, also by SIGKILL. It runs in a session of its
 * own, so a Ctrl-C in the terminal does not reach it, and never keeps this process alive.
 * @param cleanup the arguments of `sh -c`: the script to run once this process is gone, `$0`, `$1`, ...
 * @returns what to call when the cleaning up is done: the watcher then finds nothing to do and ends.
 */
export function watchForOrphan(cleanup: readonly string[]): () => void {
  const [script = '', ...rest] = cleanup;
  const watcher = spawn('/bin/sh', ['-c', WAIT_FOR_OWNER + script, ...rest], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', (error) => {
    process.emitWarning(`cleaning up after a kill is off: ${error.message}`, { code: 'SPILLWAY_WATCHER' });
  });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  return () => {
    watcher.stdin.end();
  };
}
