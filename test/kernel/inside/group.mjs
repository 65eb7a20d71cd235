/** Control groups of the machine, and processes inside them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';

/** Makes a group and hands the memory controller on to its children. @param path below the root, parents first. */
export function makeGroup(path, limits = {}) {
  const directory = `${ROOT}/${path}`;
  mkdirSync(directory, { recursive: true });
  for (const [file, value] of Object.entries(limits)) writeFileSync(`${directory}/${file}`, String(value));
  return directory;
}

export function delegateMemory(directory) {
  writeFileSync(`${directory}/cgroup.subtree_control`, '+memory');
}

export function readNumber(directory, file) {
  return Number(readFileSync(`${directory}/${file}`, 'utf8'));
}

/** A counter of a flat-keyed file such as memory.stat. */
export function readKey(directory, file, key) {
  const line = readFileSync(`${directory}/${file}`, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${key} `));
  return line === undefined ? Number.NaN : Number(line.slice(key.length + 1));
}

/** Starts a node process that is inside the group from its first instruction on. */
export function spawnInside(directory, args, options = {}) {
  const script = `echo $$ > ${directory}/cgroup.procs && exec node "$@"`;
  return spawn('sh', ['-c', script, 'sh', ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...options });
}

/** @returns how it ended and what it printed. */
export async function runInside(directory, args) {
  const child = spawnInside(directory, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, output }));
  });
}
