import { SpillwayError } from '../core/errors.js';
import type { PressureState } from '../core/state.js';
import type { Feed } from '../feed/feed.js';
import { LocalFeed } from '../feed/local-feed.js';
import { FeedStore } from '../feed/store.js';
import { inspectedProcesses } from '../inspect/directory.js';
import { RemoteFeed } from '../inspect/remote-feed.js';
import { startPressureRuntime } from '../runtime/pressure-runtime.js';

/** What a command looks at: this machine, or a process that lets itself be inspected. */
export interface Subject {
  readonly feed: Feed;
  /** Resolves with the reason when there is nothing more to see; never for this machine. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/**
 * This machine, seen from a runtime of this process that never evicts.
 * @param intervalMs the calm cadence.
 * @throws SpillwayError as `startPressureRuntime`.
 */
export async function thisMachine(intervalMs: number): Promise<Subject> {
  const pressure = await startPressureRuntime({
    autoEviction: false,
    inspect: false,
    updateIntervalMs: intervalMs,
    minIntervalMs: Math.min(intervalMs, 100),
  });
  const feed = new LocalFeed(pressure, 'this machine');
  return {
    feed,
    ended: new Promise(() => undefined),
    close: async () => {
      feed.close();
      await pressure.stop();
    },
  };
}

/** @throws SpillwayError ERR_SPILLWAY_INSPECT when it cannot be read. */
export async function runningProcess(pid: number): Promise<Subject> {
  const found = inspectedProcesses().find((candidate) => candidate.pid === pid);
  if (found === undefined) {
    throw new SpillwayError(
      'ERR_SPILLWAY_INSPECT',
      `Process ${pid} does not let itself be inspected: start it with SPILLWAY_INSPECT=1, or with \`inspect: true\``,
    );
  }
  const feed = await RemoteFeed.connect(found);
  return { feed, ended: feed.ended, close: async () => feed.close() };
}

/** @param pid undefined: this machine. */
export function openSubject(pid: number | undefined, intervalMs: number): Promise<Subject> {
  return pid === undefined ? thisMachine(intervalMs) : runningProcess(pid);
}

/** What a feed knows now. */
export function currentState(feed: Feed): PressureState {
  const store = new FeedStore();
  const unsubscribe = feed.subscribe((frame) => store.apply(frame));
  unsubscribe();
  if (store.state === null) throw new SpillwayError('ERR_SPILLWAY_CLI', 'The process has taken no sample yet');
  return store.state;
}
