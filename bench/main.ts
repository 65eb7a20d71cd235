/**
 * Runs every benchmark in a process of its own, one after another, and ends with one table of what is claimed and what was
 * measured. Exit code 1 when a claim does not hold, 2 when something crashed, whatever the claims. `--quick`: shorter runs, for a
 * look; benchmark names as arguments run only those.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Claim, DOCUMENT_PREFIX, EXIT_DOES_NOT_HOLD, parseClaim } from './claim.js';
import { describeMachine, formatClaims } from './table.js';

/** Every benchmark that reports claims, in the order of the table. */
const BENCHMARKS = [
  'overhead',
  'cache-ops',
  'eviction',
  'observing',
  'reaction',
  'heap-limit',
  'squeeze',
  'threads',
] as const;

interface Outcome {
  readonly claims: readonly Claim[];
  readonly exitCode: number | null;
}

async function run(name: string, flags: readonly string[]): Promise<Outcome> {
  process.stdout.write(`\n== ${name}\n`);
  const module = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [module, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const claims: Claim[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const claim = parseClaim(line);
    if (claim === null) process.stdout.write(`${line}\n`);
    else claims.push(claim);
  }
  return { claims, exitCode: await exited };
}

/** @returns whether every claim holds. @throws Error when there is no such benchmark, or one crashed. */
async function runAll(flags: readonly string[], names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !BENCHMARKS.some((known) => known === name));
  if (unknown.length > 0) {
    throw new Error(`No benchmark is called ${unknown.join(', ')}; there are ${BENCHMARKS.join(', ')}`);
  }
  const claims: Claim[] = [];
  const crashed: string[] = [];
  let allHold = true;
  for (const name of BENCHMARKS) {
    if (names.length > 0 && !names.includes(name)) continue;
    const outcome = await run(name, flags);
    claims.push(...outcome.claims);
    if (outcome.exitCode === EXIT_DOES_NOT_HOLD) allHold = false;
    else if (outcome.exitCode !== 0) crashed.push(`${name} ended with code ${outcome.exitCode}`);
  }
  const ofDocument = ({ claim }: Claim): number => (claim.startsWith(DOCUMENT_PREFIX) ? 0 : 1);
  claims.sort((a, b) => ofDocument(a) - ofDocument(b));
  process.stdout.write(`\n${formatClaims(claims)}\n\n${describeMachine()}\n`);
  if (crashed.length > 0) throw new Error(crashed.join('; '));
  return allHold && claims.every(({ holds }) => holds !== false);
}

const isFlag = (argument: string) => argument.startsWith('--');
const given = process.argv.slice(2);
try {
  const allHold = await runAll(
    given.filter(isFlag),
    given.filter((argument) => !isFlag(argument)),
  );
  process.exitCode = allHold ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
