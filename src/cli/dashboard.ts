import { startDashboard } from '../dashboard/server.js';
import { EXIT, type Surroundings } from './output.js';
import { openSubject } from './subject.js';

export interface DashboardCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly pid?: number;
}

const INTERVAL_MS = 1000;

/** `spillway dashboard`: serves the live page until it is told to end, or until the process that it shows is gone. */
export async function dashboard(options: DashboardCommandOptions, surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const subject = await openSubject(options.pid, INTERVAL_MS);
  try {
    const server = await startDashboard(subject.feed, { port: options.port, host: options.host });
    stdout.write(`${server.url}\n`);
    const stopped = new Promise<null>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(null));
    });
    const alive = setInterval(() => undefined, 1 << 30);
    const reason = await Promise.race([stopped, subject.ended]);
    clearInterval(alive);
    await server.close();
    if (reason === null) return EXIT.fine;
    stderr.write(`${reason}\n`);
    return EXIT.failed;
  } finally {
    await subject.close();
  }
}
