import type { Engine } from '#src/caches/engine.js';
import { ThreadCaches, type ThreadCachesOptions } from '#src/caches/thread-caches.js';
import type { Level } from '#src/core/level.js';
import { monotonicUs } from '#src/page/clock.js';
import {
  COLLECT,
  emptyThreadControl,
  loadReceipt,
  type Receipt,
  type ThreadControl,
  writeControl,
} from '#src/page/orders.js';
import { bumpEpoch, createPage } from '#src/page/page.js';
import { emptyPublishedState, publishState } from '#src/page/state-codec.js';
import { claimThread, type ThreadClaim } from '#src/page/thread-rows.js';

/** An engine whose heap never changes and that cannot collect: what is tested is the books. */
export function stillEngine(nowUs = monotonicUs): Engine {
  return { heap: { promotableBytes: 0, readInto: () => undefined }, findCollect: () => null, nowUs };
}

/** The caches of a thread whose sampler is the test, on a page of its own unless it is given one. */
export class CachesUnderTest {
  readonly words: Int32Array;
  readonly #claim: ThreadClaim;
  readonly faults: { cache: string; outcome: string; fault: unknown }[] = [];
  readonly sizeFaults: string[] = [];
  readonly caches: ThreadCaches;
  #order = 0;

  constructor(options: Partial<ThreadCachesOptions> = {}, words = createPage(), threadId = 0) {
    this.words = words;
    this.#claim = claimThread(words, threadId, -1);
    this.caches = new ThreadCaches(this.words, this.#claim, {
      enabled: true,
      collectGarbage: 'never',
      respectCacheLimits: true,
      engine: stillEngine(),
      onSizeFault: (_, reason) => this.sizeFaults.push(reason),
      onCacheFailed: (cache, outcome, fault) => this.faults.push({ cache, outcome, fault }),
      ...options,
    });
  }

  /**
   * Orders the caches in the rows, by default the only one, to pay; the next cache operation sees it.
   * @returns the order's number.
   */
  order(
    owedBytes: Record<number, number>,
    level: Level = 'emergency',
    collect: keyof typeof COLLECT = 'never',
    terms: Partial<Pick<ThreadControl, 'capBytes' | 'paceBytes' | 'inHeap'>> = {},
  ): number {
    const control = {
      ...emptyThreadControl(),
      order: ++this.#order,
      round: this.#order,
      level,
      collect: COLLECT[collect],
      ...terms,
    };
    const debts = Object.entries(owedBytes).map(([row, bytes]) => ({ row: Number(row), owedBytes: bytes }));
    writeControl(this.words, this.#claim.row, control, debts);
    bumpEpoch(this.words);
    return this.#order;
  }

  cap(capBytes: number): void {
    writeControl(this.words, this.#claim.row, { ...emptyThreadControl(), capBytes }, []);
    bumpEpoch(this.words);
  }

  /** A sample found this level. */
  reach(level: Level): void {
    publishState(this.words, { ...emptyPublishedState(), level });
  }

  receipt(row: number, order: number): Receipt | null {
    return loadReceipt(this.words, row, order);
  }

  close(): void {
    this.caches.close();
  }
}
