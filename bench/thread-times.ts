import { readdirSync, readFileSync } from 'node:fs';

/** CPU time by kernel thread id, ms. */
export type ThreadTimes = ReadonlyMap<number, number>;

/** CPU time of every thread of this process, from the kernel's scheduler account (Linux). */
export function readThreadTimes(): ThreadTimes {
  const times = new Map<number, number>();
  for (const id of readdirSync('/proc/self/task')) {
    const [nanoseconds = '0'] = readFileSync(`/proc/self/task/${id}/schedstat`, 'latin1').split(' ');
    times.set(Number(id), Number(nanoseconds) / 1e6);
  }
  return times;
}

/** What the threads that `counts` admits used between two readings, ms. */
export function spentMs(before: ThreadTimes, after: ThreadTimes, counts: (id: number) => boolean): number {
  let spent = 0;
  for (const [id, ms] of after) if (counts(id)) spent += ms - (before.get(id) ?? 0);
  return spent;
}
