import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openThreadCpuClock } from '#src/sources/thread-cpu.js';

const ON_LINUX = existsSync('/proc/thread-self/schedstat');

function procWith(schedstat: string): string {
  const root = mkdtempSync(join(tmpdir(), 'spillway-proc-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'thread-self'));
  writeFileSync(join(root, 'thread-self', 'schedstat'), schedstat);
  return root;
}

describe('thread CPU clock', () => {
  it.runIf(ON_LINUX)('counts the work of the thread that opened it, and of no other', async () => {
    const clock = openThreadCpuClock();
    const before = clock?.readUs() ?? Number.NaN;
    const worker = new Worker(
      `const { openThreadCpuClock } = await import(process.env.CLOCK_MODULE);
       const { parentPort } = await import('node:worker_threads');
       const clock = openThreadCpuClock();
       const before = clock.readUs();
       while (clock.readUs() - before < 200_000);
       parentPort.postMessage(clock.readUs() - before);
       clock.close();`,
      { eval: true, env: { CLOCK_MODULE: import.meta.resolve('#src/sources/thread-cpu.js') } },
    );
    const [busyUs] = await once(worker, 'message');
    const ownUs = (clock?.readUs() ?? Number.NaN) - before;
    clock?.close();
    expect(busyUs).toBeGreaterThanOrEqual(200_000);
    expect(ownUs).toBeLessThan(busyUs / 2);
  });

  it('reads the first number of the line, nanoseconds', () => {
    const clock = openThreadCpuClock(procWith('1234567890 55 7\n'));
    expect(clock?.description).toContain('schedstat');
    expect(clock?.readUs()).toBe(1_234_567.89);
    clock?.close();
  });

  it.each(['0 0 0\n', '', 'x 1 2\n', ' 12 1 1\n'])('does not go by a line such as %j', (line) => {
    const clock = openThreadCpuClock(procWith(line));
    expect(clock?.description ?? 'none').not.toContain('schedstat');
    clock?.close();
  });

  it('has no reading once its descriptor is gone', () => {
    const clock = openThreadCpuClock(procWith('1000 1 1\n'));
    clock?.close();
    expect(clock?.readUs()).toBeNull();
  });
});
