import { FeedStore } from '../feed/store.js';
import { liveFrame } from '../terminal/live-frame.js';
import { LiveScreen } from '../terminal/live-screen.js';
import { statusLine } from '../terminal/status-line.js';
import { EXIT, outputColours, type Surroundings } from './output.js';
import { openSubject, type Subject } from './subject.js';

export interface WatchOptions {
  readonly interval: number;
  readonly pid?: number;
}

/** `spillway watch`: the live view where there is a terminal, one line per sample elsewhere. */
export async function watch(options: WatchOptions, surroundings: Surroundings): Promise<number> {
  const subject = await openSubject(options.pid, options.interval);
  try {
    const reason = await (surroundings.stdout.isTTY
      ? showScreen(subject, surroundings)
      : printLines(subject, surroundings));
    if (reason === null) return EXIT.fine;
    surroundings.stderr.write(`${reason}\n`);
    return EXIT.failed;
  } finally {
    await subject.close();
  }
}

/** @returns why it ended, null when people ended it. */
async function showScreen({ feed, ended }: Subject, surroundings: Surroundings): Promise<string | null> {
  const { stdout, stdin } = surroundings;
  const store = new FeedStore();
  const colours = outputColours(surroundings);
  const screen = new LiveScreen(stdout, stdin, (size) => liveFrame(store, size, colours));
  const unsubscribe = feed.subscribe((frame) => {
    store.apply(frame);
    if (frame.type === 'sample') screen.redraw();
  });
  // A process that reads no keys would end here: nothing else keeps it alive.
  const alive = setInterval(() => undefined, 1 << 30);
  try {
    return await Promise.race([screen.ended.then(() => null), ended]);
  } finally {
    clearInterval(alive);
    unsubscribe();
    screen.close();
  }
}

async function printLines({ feed, ended }: Subject, surroundings: Surroundings): Promise<string | null> {
  const { stdout } = surroundings;
  const colours = outputColours(surroundings);
  const stopped = new Promise<null>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(null));
    stdout.once('error', () => resolve(null)); // whoever read the lines has gone
  });
  const unsubscribe = feed.subscribe((frame) => {
    if (frame.type === 'sample') {
      stdout.write(`${new Date(frame.state.sampledAt).toISOString()}  ${statusLine(frame.state, colours)}\n`);
    }
  });
  const alive = setInterval(() => undefined, 1 << 30);
  try {
    return await Promise.race([stopped, ended]);
  } finally {
    clearInterval(alive);
    unsubscribe();
  }
}
