import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SpillwayError } from '../core/errors.js';

const PRIVATE_DIRECTORY = 0o700;
const OTHERS = 0o077;
const SOCKET_NAME = /^(\d+)(?:-\d+)?\.sock$/;
const WINDOWS_PIPES = '\\\\.\\pipe\\';

/** A runtime that lets itself be inspected. */
export interface InspectedProcess {
  readonly pid: number;
  /** Path of its socket, or of its named pipe. */
  readonly path: string;
}

/** Where the sockets of this user are: one folder per user, that no one else can enter. */
export function inspectionDirectory(): string {
  const base = process.env.XDG_RUNTIME_DIR || tmpdir();
  return join(base, `spillway-${userInfo().uid}`);
}

/**
 * Path for the socket of one more runtime of this process. Makes the folder, and removes sockets whose process is gone.
 * @throws SpillwayError ERR_SPILLWAY_INSPECT when the folder is not this user's alone.
 */
export function newSocketPath(): string {
  if (process.platform === 'win32') return `${WINDOWS_PIPES}spillway-${userInfo().username}-${process.pid}`;
  const directory = inspectionDirectory();
  mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  requirePrivate(directory);
  const taken = inspectedProcesses().filter(({ pid }) => pid === process.pid).length;
  return join(directory, taken === 0 ? `${process.pid}.sock` : `${process.pid}-${taken}.sock`);
}

/** Every process of this user that lets itself be inspected, by pid. Removes what processes that died left behind. */
export function inspectedProcesses(): InspectedProcess[] {
  const found = process.platform === 'win32' ? listPipes() : listSockets();
  return found.sort((a, b) => a.pid - b.pid);
}

export function removeSocket(path: string): void {
  if (process.platform !== 'win32') rmSync(path, { force: true });
}

function listPipes(): InspectedProcess[] {
  const prefix = `spillway-${userInfo().username}-`;
  return readdirSync(WINDOWS_PIPES)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ pid: Number(name.slice(prefix.length)), path: WINDOWS_PIPES + name }));
}

function listSockets(): InspectedProcess[] {
  const directory = inspectionDirectory();
  let names: string[];
  try {
    requirePrivate(directory);
    names = readdirSync(directory);
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    return []; // nobody of this user was ever inspected
  }
  return names.flatMap((name) => {
    const pid = Number(SOCKET_NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) return [];
    const path = join(directory, name);
    if (isRunning(pid)) return [{ pid, path }];
    removeSocket(path);
    return [];
  });
}

/** A folder in a place that everybody can write to may have been made by somebody else. */
function requirePrivate(directory: string): void {
  const { uid } = userInfo();
  const stats = lstatSync(directory);
  if (stats.isDirectory() && stats.uid === uid && (stats.mode & OTHERS) === 0) return;
  if (stats.isDirectory() && stats.uid === uid) {
    chmodSync(directory, PRIVATE_DIRECTORY);
    return;
  }
  throw new SpillwayError('ERR_SPILLWAY_INSPECT', `${directory} does not belong to this user alone`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
