import { closeSync, openSync, readSync } from 'node:fs';

/** The CPU time of one thread: the one that opened the clock, and that alone may read it. */
export interface ThreadCpuClock {
  readonly description: string;
  /** Microseconds of user and system time so far; null once it can no longer be read. */
  readUs(): number | null;
  close(): void;
}

const SPACE = 0x20;
const ZERO = 0x30;
const LONGEST_LINE_BYTES = 96;

/**
 * Opens the calling thread's own CPU clock: the kernel's scheduler account on Linux (2 µs and no allocation for a reading on a kept-open
 * descriptor), `process.threadCpuUsage` elsewhere (Node 23.9 and later).
 * @param procRoot where `/proc` is; another one only in tests.
 * @returns null where the thread has no clock of its own; the caller may then go by the time it was busy.
 */
export function openThreadCpuClock(procRoot = '/proc'): ThreadCpuClock | null {
  return openSchedulerClock(procRoot) ?? openUsageClock();
}

/**
 * `/proc/thread-self/schedstat`: nanoseconds on a CPU, nanoseconds waiting for one, time slices (Linux, Documentation/scheduler/
 * sched-stats.rst). The link is followed when it is opened, so the descriptor stays with this thread. Brought up to date when the
 * thread leaves the CPU and at every tick. All zeros in a kernel built without scheduler accounting.
 */
function openSchedulerClock(procRoot: string): ThreadCpuClock | null {
  let descriptor: number;
  try {
    descriptor = openSync(`${procRoot}/thread-self/schedstat`, 'r');
  } catch {
    return null; // not Linux, or /proc is hidden: the next clock is tried
  }
  const line = Buffer.alloc(LONGEST_LINE_BYTES);
  const clock: ThreadCpuClock = {
    description: `${procRoot}/thread-self/schedstat`,
    readUs() {
      try {
        const length = readSync(descriptor, line, 0, LONGEST_LINE_BYTES, 0);
        const nanoseconds = parseLeadingInteger(line, length);
        return nanoseconds === null ? null : nanoseconds / 1e3;
      } catch {
        return null; // the descriptor was taken away: the caller goes by busy time from here on
      }
    },
    close: () => closeSync(descriptor),
  };
  if ((clock.readUs() ?? 0) > 0) return clock;
  clock.close();
  return null;
}

function openUsageClock(): ThreadCpuClock | null {
  const threadCpuUsage: unknown = Reflect.get(process, 'threadCpuUsage');
  if (typeof threadCpuUsage !== 'function') return null;
  return {
    description: 'process.threadCpuUsage',
    readUs() {
      const usage: unknown = Reflect.apply(threadCpuUsage, process, []);
      return isCpuUsage(usage) ? usage.user + usage.system : null;
    },
    close() {
      // nothing is held open
    },
  };
}

/** The digits before the first space; null where there are none. */
function parseLeadingInteger(line: Buffer, length: number): number | null {
  let value = 0;
  let index = 0;
  for (; index < length; index++) {
    const byte = line[index] ?? SPACE;
    if (byte === SPACE) break;
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return index === 0 ? null : value;
}

function isCpuUsage(usage: unknown): usage is { user: number; system: number } {
  return (
    typeof usage === 'object' &&
    usage !== null &&
    'user' in usage &&
    'system' in usage &&
    typeof usage.user === 'number' &&
    typeof usage.system === 'number'
  );
}
