import { channel } from 'node:diagnostics_channel';

/** Where lru-cache (11.5 and later) shows the status of each operation to whoever listens; they may keep it. */
const metrics = channel('lru-cache:metrics');

/** What lru-cache tells of a put to whoever asks for it by the options. */
interface PutStatus {
  set: 'add' | 'update' | 'replace' | 'miss' | 'deleted' | undefined;
  /** By versions from 11.5 on; to be forgotten at once, since nothing must live longer for having been put. */
  key: unknown;
  value: unknown;
  oldValue: unknown;
  cache: unknown;
}

/** Asks lru-cache how a put came out, one put at a time: a put inside another one is not asked, and not answered for either. */
export class PutQuestion {
  readonly #status: PutStatus = {
    set: undefined,
    key: undefined,
    value: undefined,
    oldValue: undefined,
    cache: undefined,
  };
  readonly #options = { status: this.#status };

  #isAsked = false;
  #wasNew = false;

  /** Whether it can be asked now: no other put is being asked, and the answer would not be shown to somebody else, who may keep it. */
  get isFree(): boolean {
    return !this.#isAsked && !metrics.hasSubscribers;
  }

  /** Whether the last put brought a key that the cache did not hold. */
  get wasNew(): boolean {
    return this.#wasNew;
  }

  /** Options for the put, which change nothing but ask. */
  ask(): object {
    this.#isAsked = true;
    this.#status.set = undefined;
    return this.#options;
  }

  /** The put is over, or threw. @param fewer how many entries fewer there are. @returns entries that had to go for the one that was put. */
  entriesLost(fewer: number): number {
    this.#isAsked = false;
    const status = this.#status;
    status.key = status.value = status.oldValue = status.cache = undefined;
    this.#wasNew = status.set === 'add';
    if (this.#wasNew) return fewer + 1;
    return status.set === 'update' || status.set === 'replace' ? fewer : 0;
  }
}
