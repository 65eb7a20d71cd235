import { channel } from 'node:diagnostics_channel';

/** Where lru-cache (11.5 and later) shows the status of each operation to whoever listens. */
const metrics = channel('lru-cache:metrics');

/**
 * Whether lru-cache may be given options in place of those that a call does not have: not where the status of the call is shown to others, who would
 * see that it was ours, and which stays in the options.
 */
export function mayGiveOptions(): boolean {
  return !metrics.hasSubscribers;
}

/**
 * Options that say nothing, for puts that have none, of a `set` that is lru-cache's own. It would make an object of them anew in each, a good part of
 * what spillway adds to the put; it leaves nothing in this one but a `status` of undefined. A read is small enough for V8 to compile into its caller,
 * where it comes to no object at all: nothing is given to it.
 */
const NONE: object = {};

/** What lru-cache's own `set` is given where the call has no options. */
export function optionsOfNone(): object | undefined {
  return mayGiveOptions() ? NONE : undefined;
}

/** What lru-cache tells of a put to whoever asks for it by the options. */
export interface PutStatus {
  readonly set: 'add' | 'update' | 'replace' | 'miss' | 'deleted' | undefined;
}

/**
 * A status for one put. It is made anew each time: storing a new value in an old object costs more than a new object does, since V8 has to note where
 * old ones point to new ones. What lru-cache writes when it takes the put is there from the beginning, so that all have one shape.
 */
export function newPutStatus(): PutStatus {
  return {
    set: undefined,
    op: undefined,
    key: undefined,
    value: undefined,
    oldValue: undefined,
    cache: undefined,
    entrySize: 0,
    totalCalculatedSize: 0,
  } as PutStatus;
}

/** Entries that had to go for the one that was put. @param fewer how many entries fewer there are than before. */
export function entriesLost({ set }: PutStatus, fewer: number): number {
  if (set === 'add') return fewer + 1;
  return set === 'update' || set === 'replace' ? fewer : 0;
}
