import { formatBytes } from '../core/units.js';
import { FeedStore } from '../feed/store.js';
import { inspectedProcesses } from '../inspect/directory.js';
import { RemoteFeed } from '../inspect/remote-feed.js';
import { harmless, table } from '../terminal/text.js';
import { EXIT, outputColours, type Surroundings, writeJson, writeLines } from './output.js';

/** What is known of a process that lets itself be inspected; null where it does not answer. */
interface Listed {
  readonly pid: number;
  readonly title: string | null;
  readonly level: string | null;
  readonly rssBytes: number | null;
}

/** `spillway ps`: the processes of this user that let themselves be inspected. */
export async function ps(options: { readonly json?: boolean }, surroundings: Surroundings): Promise<number> {
  const listed = await Promise.all(inspectedProcesses().map(ask));
  if (options.json) {
    writeJson(surroundings, listed);
    return EXIT.fine;
  }
  if (listed.length === 0) {
    surroundings.stderr.write('No process lets itself be inspected; start one with SPILLWAY_INSPECT=1\n');
    return EXIT.fine;
  }
  const { muted } = outputColours(surroundings);
  const rows = listed.map(({ pid, title, level, rssBytes }) => [
    String(pid),
    level ?? 'no answer',
    rssBytes === null ? '–' : formatBytes(rssBytes),
    title === null ? '–' : harmless(title),
  ]);
  writeLines(surroundings, table([['pid', 'level', 'memory', 'process'].map(muted), ...rows], [0, 2]));
  return EXIT.fine;
}

async function ask(inspected: { pid: number; path: string }): Promise<Listed> {
  const { pid } = inspected;
  let feed: RemoteFeed;
  try {
    feed = await RemoteFeed.connect(inspected);
  } catch {
    return { pid, title: null, level: null, rssBytes: null }; // listed all the same: it is there, and busy or of another version
  }
  const store = new FeedStore();
  feed.subscribe((frame) => store.apply(frame));
  feed.close();
  const { hello, state } = store;
  return { pid, title: hello?.title ?? null, level: state?.level ?? null, rssBytes: state?.process.rssBytes ?? null };
}
