import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Reading } from '#src/core/reading.js';

const CHILD = fileURLToPath(new URL('children/in-group.mjs', import.meta.url));

/** Where this process may make version 1 memory groups; null where it may not, with the reason. */
export function findMemoryController(): { readonly directory: string | null; readonly reason: string } {
  try {
    const path = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    if (path === undefined) return { directory: null, reason: 'needs a cgroup v1 memory controller' };
    const directory = `/sys/fs/cgroup/memory${path}`;
    const probe = `${directory}/spillway-probe-${process.pid}`;
    mkdirSync(probe);
    rmdirSync(probe);
    return { directory, reason: '' };
  } catch (error) {
    return { directory: null, reason: `needs a writable cgroup: ${String(error)}` };
  }
}

let made = 0;

/** A real memory group, for one test. */
export class TestGroup {
  readonly path: string;

  private constructor(path: string) {
    mkdirSync(path);
    this.path = path;
  }

  static under(directory: string): TestGroup {
    return new TestGroup(`${directory}/spillway-test-${process.pid}-${made++}`);
  }

  child(name: string): TestGroup {
    return new TestGroup(`${this.path}/${name}`);
  }

  read(file: string): string {
    return readFileSync(`${this.path}/memory.${file}`, 'utf8');
  }

  number(file: string): number {
    return Number(this.read(file));
  }

  /** A line of memory.stat. */
  stat(key: string): number {
    return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(this.read('stat'))?.[1]);
  }

  limit(bytes: number): void {
    writeFileSync(`${this.path}/memory.limit_in_bytes`, String(bytes));
  }

  /** Moves a process here. */
  take(inhabitant: Inhabitant): void {
    writeFileSync(`${this.path}/cgroup.procs`, String(inhabitant.processId));
  }

  remove(): void {
    rmdirSync(this.path);
  }
}

export interface Answer {
  readonly reading: Reading;
  readonly description: string;
  readonly facts: Readonly<Record<string, number>>;
}

/** A process in a group, which answers one line for each that it is told. */
export class Inhabitant {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: string[] = [];

  constructor(group: TestGroup) {
    const script = 'echo $$ > "$1/cgroup.procs" && exec "$2" "$3"';
    this.#child = spawn('sh', ['-c', script, 'sh', group.path, process.execPath, CHILD]);
    this.#child.stderr.on('data', (chunk) => this.#errors.push(String(chunk)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  async tell(line: string): Promise<Answer> {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the process ended: ${this.#errors.join('')}`);
    return JSON.parse(value);
  }

  async leave(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}
