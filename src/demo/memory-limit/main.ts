import { formatBytes, parseBytes } from '../../core/units.js';
import { runUnderMemoryLimit } from './run-under-memory-limit.js';

const USAGE = `usage: node main.js SIZE -- command [argument ...]
Runs a command under a memory limit, for example: node main.js 512MiB -- node app.js`;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: the command's own, 137 when the limit killed it, 1 when it cannot be started, 2 for a usage error. */
async function main(argv: string[]): Promise<number> {
  const parsed = readArguments(argv);
  if (parsed === null) {
    console.error(USAGE);
    return 2;
  }
  const { limitBytes, command, args } = parsed;
  try {
    const run = await runUnderMemoryLimit({
      limitBytes,
      command,
      args,
      onEnforcement: (enforcedBy, refusals) => {
        if (enforcedBy === 'none')
          console.error(`note: the kernel is not enforcing the limit (${refusals.join('; ')})`);
      },
    });
    if (run.killedByLimit) console.error(`killed by the kernel at the limit of ${formatBytes(limitBytes)}`);
    return run.exitCode;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function readArguments(argv: string[]): { limitBytes: number; command: string; args: string[] } | null {
  const separator = argv.indexOf('--');
  const command = argv[separator + 1];
  if (separator < 0 || command === undefined) return null;
  const limitBytes = separator === 1 ? parseBytes(argv[0]) : null;
  return limitBytes === null || limitBytes === 0 ? null : { limitBytes, command, args: argv.slice(separator + 2) };
}
