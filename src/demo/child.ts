import { parseDemoArguments } from './arguments.js';
import { createCaches } from './caches.js';
import { runDemo } from './demo.js';
import { exitCodeOf } from './exit-code.js';
import { loadClips } from './input.js';
import { jobSequence } from './jobs.js';
import { startLiveView } from './live-view.js';
import { ENFORCEMENTS } from './memory-limit/mechanism.js';
import { ENFORCED_BY_VARIABLE } from './memory-limit/run-under-memory-limit.js';
import { protect } from './protection.js';
import { createTerminal } from './terminal.js';
import { describeLimit, jobsLine, progressLine, summaryLines } from './view.js';
import { watchOnly } from './watch.js';

/** 128 + SIGPIPE: what a shell reports of a program whose reader went away. */
const NOBODY_READS = 141;

process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(NOBODY_READS);
  throw error;
});

/** The demo itself, as it runs under its limit; started by launch.ts. */
process.exitCode = await exitCodeOf(main, console.error);

async function main(): Promise<number> {
  const { files, isProtected, limitBytes, jobCount } = parseDemoArguments(process.argv.slice(2));
  const enforcedBy = ENFORCEMENTS.find((name) => name === process.env[ENFORCED_BY_VARIABLE]) ?? 'none';
  const limit = { limitBytes, enforcedBy };
  const terminal = createTerminal(process.stdout, process.env);
  const clips = loadClips(files);
  const frames = clips.reduce((sum, clip) => sum + clip.frameCount, 0);
  terminal.print(`${clips.length} clips, ${frames} frames, ${jobCount} jobs; limit ${describeLimit(limit)}`);

  const caches = await createCaches();
  const guarded = isProtected ? await protect(caches, limitBytes, enforcedBy) : null;
  const live = guarded === null ? null : await startLiveView(guarded.pressure, process.stdout, process.env);
  if (live !== null && !live.onScreen) terminal.print(`live page at ${live.url}`);
  const result = await runDemo(jobSequence(clips, jobCount), caches, guarded ?? watchOnly(), (progress) => {
    if (live?.onScreen) live.show(jobsLine(progress));
    else terminal.status(progressLine(progress, limitBytes, terminal.coloured));
  });
  await live?.close();
  for (const line of summaryLines(result, limit, isProtected)) terminal.print(line);
  return 0;
}
