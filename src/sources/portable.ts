import { freemem, totalmem } from 'node:os';
import { type Reading, type Source, setOk, setUnavailable } from '../core/reading.js';

/** The part of systeminformation's answer that is used, bytes. */
export interface MemoryAnswer {
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly swaptotal: number;
  readonly swapused: number;
}

export interface PortableMemoryOptions {
  /** Shortest time between two questions: each one spawns processes on macOS and Windows. */
  readonly calmIntervalMs: number;
  /** False on a thread that must not be held up: `node:os` alone answers there. */
  readonly mayAsk: boolean;
  /** Loads the function that asks. */
  readonly load?: () => Promise<{ mem(): Promise<MemoryAnswer> }>;
}

/** An answer older than this many calm intervals no longer counts. */
const INTERVALS_UNTIL_STALE = 3;

/** How long a start waits for the first answer; a cold PowerShell takes 1 to 2 s. */
const FIRST_ANSWER_MS = 3000;

/**
 * The machine's memory on macOS, Windows and the BSDs, from systeminformation, which asks other processes. A reading is the last
 * answer, and starts the next question when the calm interval has passed and none is under way: a question never blocks, never
 * runs twice at once, and one that hangs is not repeated. Without a fresh answer `node:os` stands in where it can be trusted.
 * Sampler thread only.
 */
export class PortableMemory implements Source {
  readonly resource = 'system';
  readonly slow = true;
  /** Resolves with the first answer or failure, at the latest after 3 s; never rejects. */
  readonly ready: Promise<void>;
  readonly #options: PortableMemoryOptions;
  #answer: MemoryAnswer | null = null;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #reason = '';

  constructor(options: PortableMemoryOptions) {
    this.#options = options;
    if (!options.mayAsk) this.#reason = 'not asked on a thread of the application';
    this.ready = options.mayAsk ? settledWithin(this.#ask(), FIRST_ANSWER_MS) : Promise.resolve();
  }

  get description(): string {
    return this.#isFresh() ? 'systeminformation' : `node:os (systeminformation: ${this.#reason})`;
  }

  readInto(reading: Reading): void {
    if (this.#isDue()) void this.#ask();
    if (this.#answer !== null && this.#isFresh()) {
      setOk(reading, this.#answer.total - this.#answer.available, this.#answer.total);
      return;
    }
    const availableBytes = availableByNode();
    if (Number.isNaN(availableBytes)) setUnavailable(reading, `systeminformation: ${this.#reason}`);
    else setOk(reading, totalmem() - availableBytes, totalmem());
  }

  facts(): Readonly<Record<string, number>> {
    if (this.#answer === null || !this.#isFresh()) return {};
    return { swapTotalBytes: this.#answer.swaptotal, swapUsedBytes: this.#answer.swapused };
  }

  close(): void {
    // A question under way ends by itself and changes nothing any more; nothing else is held open.
  }

  #isDue(): boolean {
    const { mayAsk, calmIntervalMs } = this.#options;
    return mayAsk && !this.#isAsking && performance.now() - this.#askedMs >= calmIntervalMs;
  }

  #isFresh(): boolean {
    return performance.now() - this.#answeredMs <= INTERVALS_UNTIL_STALE * this.#options.calmIntervalMs;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#reason = 'no answer yet';
    this.#askedMs = performance.now();
    try {
      const { mem } = await (this.#options.load ?? loadSysteminformation)();
      const answer = await mem();
      this.#reason = impossibility(answer);
      if (this.#reason === '') {
        this.#answer = answer;
        this.#answeredMs = performance.now();
      }
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isAsking = false;
    }
  }
}

/** Its module for memory alone: the package's entry loads twenty, and on Windows runs a command while it does. */
function loadSysteminformation(): Promise<{ mem(): Promise<MemoryAnswer> }> {
  return import('systeminformation/lib/memory.js');
}

/** Why an answer cannot be used; empty when it can. Where vm_stat fails on macOS, only the free pages are left in it. */
function impossibility(answer: MemoryAnswer): string {
  const { total, free, available } = answer;
  if (!(total > 0 && available >= 0 && available <= total))
    return `impossible answer: ${available} of ${total} bytes available`;
  return process.platform === 'darwin' && available <= free ? 'vm_stat failed' : '';
}

/**
 * Bytes that can still be had, as Node tells; NaN where that is worthless. On macOS os.freemem counts only the free pages, of which
 * the system keeps few, so it would read as a machine about to die; process.availableMemory counts inactive and purgeable pages
 * as well since libuv 1.52 (Node 24).
 */
function availableByNode(): number {
  if (process.platform !== 'darwin') return freemem();
  const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);
  return major > 1 || minor >= 52 ? process.availableMemory() : Number.NaN;
}

function settledWithin(promise: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    timer.unref();
    void promise.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
