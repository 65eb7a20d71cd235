import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { SpillwayError } from '../core/errors.js';
import { EXIT, type Surroundings } from './output.js';

/** Longest delay that a timer takes; see `setTimeout`. */
const LONGEST_INTERVAL_MS = 86_400_000;

/** Runs the command line. @returns the exit code: 0 fine, 1 the command failed, 2 it was called in a wrong way. */
export async function runCli(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let code: number = EXIT.fine;
  const program = createProgram(surroundings, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    const isOurs = error instanceof SpillwayError;
    surroundings.stderr.write(`spillway: ${isOurs ? error.message : error instanceof Error ? error.stack : error}\n`);
    return isOurs && error.code === 'ERR_SPILLWAY_ARGUMENT' ? EXIT.usage : EXIT.failed;
  }
}

/** Each command loads its own code when it runs, so that `status` does not pay for the live page. */
function createProgram(surroundings: Surroundings, end: (code: number) => void): Command {
  const { stdout, stderr } = surroundings;
  const program = new Command('spillway')
    .description('Memory pressure of this machine, and of processes that run with spillway')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError()
    .enablePositionalOptions();

  program
    .command('status')
    .description('the pressure now, in one line')
    .option('--json', 'print a PressureState')
    .option('--exit-code', 'exit with 0, 10, 20 or 30 by level')
    .option('--pid <pid>', 'look at a process that lets itself be inspected', wholeNumber(1))
    .action(async (options) => end(await (await import('./status.js')).status(options, surroundings)));

  program
    .command('check')
    .description('which capabilities are there, and what to do about those that are not')
    .option('--verbose', 'also show the pressure, and what is read from where')
    .option('--json', 'print one JSON document')
    .action(async (options) => end(await (await import('./check.js')).check(options, surroundings)));

  program
    .command('install-help')
    .description('how to get a missing capability')
    .argument('[capability]', 'one of those that `check` lists')
    .action(async (name) => end((await import('./install-help.js')).installHelp(name, surroundings)));

  program
    .command('watch')
    .description('the live view in the terminal; one line per sample elsewhere')
    .option('--interval <ms>', 'the longest time between two samples', wholeNumber(10, LONGEST_INTERVAL_MS), 1000)
    .option('--pid <pid>', 'look at a process that lets itself be inspected', wholeNumber(1))
    .action(async (options) => end(await (await import('./watch.js')).watch(options, surroundings)));

  program
    .command('dashboard')
    .description('the live page, on this machine only unless a host is given')
    .option('--port <port>', 'port to listen on; 0: any free one', wholeNumber(0, 65535), 0)
    .option('--host <address>', 'address to listen on; any but the loopback asks for a token', '127.0.0.1')
    .option('--pid <pid>', 'look at a process that lets itself be inspected', wholeNumber(1))
    .action(async (options) => end(await (await import('./dashboard.js')).dashboard(options, surroundings)));

  program
    .command('ps')
    .description('processes of this user that let themselves be inspected')
    .option('--json', 'print one JSON document')
    .action(async (options) => end(await (await import('./ps.js')).ps(options, surroundings)));

  program
    .command('demo')
    .description('the GIF pipeline under a memory limit; see `demo --help`')
    .argument('[arguments...]', 'GIF files and options of the demo')
    .helpOption(false)
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (argv) => end(await (await import('./demo.js')).demo(argv, surroundings)));

  return program;
}

/** Reads an option's value as a whole number within bounds. */
function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}
