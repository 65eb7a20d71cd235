import { startDashboard } from '../dashboard/server.js';
import { FEED_VERSION } from '../feed/frames.js';
import { FeedStore } from '../feed/store.js';
import type { PressureRuntime } from '../runtime/pressure-runtime.js';
import { coloursFor } from '../terminal/colours.js';
import { liveFrame } from '../terminal/live-frame.js';
import { LiveScreen } from '../terminal/live-screen.js';
import { cut } from '../terminal/text.js';

const TITLE = 'GIF pipeline';

/** 128 + SIGINT, as shells report it. */
const INTERRUPTED = 130;

/** Lines that the live view leaves to the demo itself: the progress, the address of the page, and one above them. */
const OWN_LINES = 3;

/** The live page of a run and, where there is a terminal, the live view. */
export interface LiveView {
  /** Where the page is. */
  readonly url: string;
  /** Whether the terminal is taken over: nothing else may be printed then. */
  readonly onScreen: boolean;
  /** Draws what is so now; synchronous, so that it works in the middle of a stretch that blocks the event loop. */
  show(progress: string): void;
  /** Gives the terminal back and ends the page. */
  close(): Promise<void>;
}

export async function startLiveView(
  pressure: PressureRuntime,
  output: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): Promise<LiveView> {
  const server = await startDashboard(pressure, { title: TITLE });
  const screen = output.isTTY && env.TERM !== 'dumb' ? takeScreen(pressure, output, env, server.url) : null;
  return {
    url: server.url,
    onScreen: screen !== null,
    show: (progress) => screen?.show(progress),
    close: async () => {
      screen?.close();
      await server.close();
    },
  };
}

function takeScreen(pressure: PressureRuntime, output: NodeJS.WriteStream, env: NodeJS.ProcessEnv, url: string) {
  const store = new FeedStore();
  const colours = coloursFor(output, env);
  store.apply({
    type: 'hello',
    version: FEED_VERSION,
    pid: process.pid,
    title: TITLE,
    node: process.version,
    startedAt: Date.now(),
    thresholds: pressure.thresholds,
  });
  pressure.on('eviction', (report) => {
    store.apply({ type: 'eviction', report });
    void report.settled.then((settled) => store.apply({ type: 'eviction', report: settled }));
  });
  let progress = '';
  let closing = false;
  const screen = new LiveScreen(output, null, ({ columns, rows }) => [
    ...liveFrame(store, { columns, rows: rows - OWN_LINES }, colours).slice(0, -1),
    cut(` ${progress}`, columns),
    cut(` ${colours.muted(`live page  ${url}`)}`, columns),
  ]);
  void screen.ended.then(() => {
    if (!closing) process.exit(INTERRUPTED);
  });
  return {
    show(line: string) {
      progress = line;
      store.apply({ type: 'sample', state: pressure.state });
      store.apply({ type: 'statistics', statistics: pressure.statistics() });
      store.apply({ type: 'alerts', standings: pressure.alerts });
      screen.redraw();
    },
    close() {
      closing = true;
      screen.close();
    },
  };
}
