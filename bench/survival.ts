import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, release } from 'node:os';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Question: in a cgroup of 512 MiB, does the GIF pipeline die without spillway and finish with it, every time, with the same result?
 * The limit is enforced by the kernel; where it cannot be, there is nothing to show and the benchmark says so.
 * Run: npm run bench:survival -- --runs 10
 */
const DEMO = fileURLToPath(new URL('../src/demo/main.js', import.meta.url));

/** 137: killed by the kernel; 134: aborted by V8 at its own limit. */
const DEAD = new Set([134, 137]);

interface Run {
  readonly mode: 'unprotected' | 'protected';
  readonly exitCode: number;
  readonly seconds: number;
  readonly enforced: boolean;
  readonly result: string;
  readonly peak: string;
  readonly evictions: string;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const runs = readRuns();
  if (runs === null) {
    console.error('Expected --runs to be a whole number above 0');
    return 2;
  }
  console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`);
  console.log('run  mode         exit  seconds  peak        evictions                       result');
  const done: Run[] = [];
  for (let number = 1; number <= runs; number += 1) {
    for (const mode of ['unprotected', 'protected'] as const) {
      const run = await runDemo(mode);
      done.push(run);
      console.log(rowOf(number, run));
      if (!run.enforced) {
        console.error('The kernel does not enforce the limit here, so there is nothing to survive.');
        return 1;
      }
    }
  }
  return judge(done, runs);
}

function readRuns(): number | null {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
  const runs = Number(values.runs);
  return Number.isSafeInteger(runs) && runs > 0 ? runs : null;
}

async function runDemo(mode: Run['mode']): Promise<Run> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [DEMO, ...(mode === 'unprotected' ? ['--unprotected'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const output = await text(child.stdout);
  const [exitCode] = await closed;
  return {
    mode,
    exitCode,
    seconds: (performance.now() - startedAt) / 1000,
    enforced: !output.includes('not enforced by the kernel'),
    result: /^ {2}result +(\S+)/m.exec(output)?.[1] ?? '-',
    peak: /^ {2}peak memory +(.+) \(/m.exec(output)?.[1] ?? '-',
    evictions: /^ {2}evictions +(.+)$/m.exec(output)?.[1] ?? '-',
  };
}

function rowOf(number: number, run: Run): string {
  return [
    String(number).padStart(3),
    run.mode.padEnd(11),
    String(run.exitCode).padStart(4),
    run.seconds.toFixed(1).padStart(7),
    run.peak.padEnd(10),
    run.evictions.padEnd(30),
    run.result,
  ].join('  ');
}

function judge(done: readonly Run[], runs: number): number {
  const died = done.filter(({ mode, exitCode }) => mode === 'unprotected' && DEAD.has(exitCode)).length;
  const survivors = done.filter(({ mode, exitCode }) => mode === 'protected' && exitCode === 0);
  const results = new Set(survivors.map(({ result }) => result));
  console.log(`unprotected: ${died} of ${runs} killed; protected: ${survivors.length} of ${runs} finished`);
  console.log(`results of the protected runs: ${results.size === 1 ? 'all the same' : [...results].join(', ')}`);
  return died === runs && survivors.length === runs && results.size === 1 ? 0 : 1;
}
