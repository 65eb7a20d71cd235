import { describeValue, SpillwayError } from '../core/errors.js';
import type { EvictionRequest } from '../core/eviction.js';
import { askForSample, ringSampler } from '../page/bell.js';
import { claimCache } from '../page/cache-rows.js';
import { monotonicMs, monotonicUs } from '../page/clock.js';
import { loadTightGuard } from '../page/guard.js';
import { emptyThreadControl, type Outcome, readControl } from '../page/orders.js';
import { HEAP_BEAT_MS, releaseThread, type ThreadClaim } from '../page/thread-rows.js';
import { CacheAccount } from './account.js';
import { adaptEvictable } from './adapters/evictable.js';
import { adaptLruCache } from './adapters/lru-cache.js';
import { type LruCacheLike, tracksSizes } from './adapters/lru-like.js';
import { adaptMap } from './adapters/map.js';
import { statsOf } from './cache-stats.js';
import { Collector } from './collection.js';
import type { CacheAdapter, CacheRegistration, EvictableCache, RegisterOptions } from './contract.js';
import { CACHE_DEADLINE_MS, Dispatcher } from './dispatcher.js';
import type { Engine } from './engine.js';
import { EvictionBooks } from './eviction-books.js';
import { HeapRoom } from './heap-room.js';
import { HeapWatch } from './heap-watch.js';
import { Overflow } from './overflow.js';
import {
  type CheckedRegistration,
  checkRegistration,
  duplicate,
  kindOf,
  registeredObjects,
  unsupported,
} from './registration.js';
import { safeSizeOf } from './size-of.js';
import { Tracker } from './tracker.js';
import { Watchdog } from './watchdog.js';

/** Collections that may spare a refusal or an eviction may take this share of wall time. */
const RESERVE_DUTY = 0.25;

/** Counters on the page are for people and metrics: this often is enough. */
const COUNTERS_INTERVAL_US = 100_000;

/** What a cache is told when the thread helps itself between two samples. */
const LAST_RESORT: EvictionRequest = {
  level: 'emergency',
  cause: null,
  round: 0,
  signal: new AbortController().signal,
};

/** Any cache that can be registered. */
export type RegistrableCache<K, V> = LruCacheLike<K, V> | Map<K, V> | EvictableCache;

export interface ThreadCachesOptions {
  readonly collectGarbage: 'auto' | 'never';
  readonly respectCacheLimits: boolean;
  /** `enabled: false`: caches are counted, and never evicted from. */
  readonly enabled: boolean;
  readonly engine: Engine;
  /** An entry could not be measured and counts as 0; told for every such entry. */
  readonly onSizeFault: (cache: string, reason: string) => void;
  /** A cache failed when it was asked to evict, or told an impossible size; `fault` is what it threw or claimed. */
  readonly onCacheFailed: (cache: string, outcome: Outcome, fault: unknown) => void;
  /** Share of the old generation's limit beyond which nothing is reserved; null, as by default: the heap is not watched. */
  readonly heapCeilingRatio?: number | null;
  /** Whether the thread's caches give way by themselves when its heap is nearly full; default false. */
  readonly relievesHeap?: boolean;
  /** How long an asynchronous cache may take; default `CACHE_DEADLINE_MS`. */
  readonly cacheDeadlineMs?: number;
}

/** All caches of one thread: registers them, keeps their books, and pays what the page asks for. */
export class ThreadCaches {
  readonly #words: Int32Array;
  readonly #claim: ThreadClaim;
  readonly #options: ThreadCachesOptions;
  readonly #tracker: Tracker;
  readonly #collector: Collector;
  readonly #books: EvictionBooks;
  readonly #overflow: Overflow;
  readonly #dispatcher: Dispatcher;
  readonly #heapWatch: HeapWatch;
  readonly #watchdog: Watchdog;
  readonly #heapRoom: HeapRoom;
  readonly #control = emptyThreadControl();
  readonly #registered = new Map<object, CacheRegistration>();
  readonly #names = new Set<string>();
  readonly #beat: NodeJS.Timeout;
  #countersUs = 0;
  /** When the heap was published that the watchdog looked at last, monotonic µs. */
  #watchedUs = 0;

  constructor(words: Int32Array, claim: ThreadClaim, options: ThreadCachesOptions) {
    this.#words = words;
    this.#claim = claim;
    this.#options = options;
    const { respectCacheLimits: respectFloors, onCacheFailed, engine } = options;
    // the sampler must not see that nothing is dead any more beside a heap from before the collection
    this.#collector = new Collector(options.collectGarbage, engine, () =>
      this.#heapWatch.publish(this.#tracker.totalBytes),
    );
    this.#heapWatch = new HeapWatch(words, claim.row, this.#collector, engine);
    this.#tracker = new Tracker(words, claim.generation, {
      epochMoved: () => this.#epochMoved(),
      isGrowthDue: () => this.#heapWatch.isDue,
      overflowed: (account) => {
        if (options.enabled) this.#overflow.pay(account);
      },
    });
    this.#books = new EvictionBooks(words, claim.row, this.#collector, (account, outcome, fault) =>
      onCacheFailed(account.name, outcome, fault),
    );
    this.#overflow = new Overflow(this.#tracker, this.#books, respectFloors);
    const tools = { words, tracker: this.#tracker, collector: this.#collector, books: this.#books, respectFloors };
    this.#dispatcher = new Dispatcher(tools, {
      threadRow: claim.row,
      cacheDeadlineMs: options.cacheDeadlineMs ?? CACHE_DEADLINE_MS,
      nowUs: engine.nowUs,
      onOrderDone: () => ringSampler(words),
    });
    this.#watchdog = new Watchdog(words, this.#collector, (bytes) => this.#dispatcher.dropNow(bytes, LAST_RESORT));
    this.#heapRoom = new HeapRoom(engine.heap, this.#collector, options.heapCeilingRatio ?? null, (bytes) =>
      this.#dispatcher.dropNow(bytes, LAST_RESORT),
    );
    // a thread that does nothing with its caches publishes its heap too, and looks at the page
    this.#beat = setInterval(() => this.#tracker.attend(), HEAP_BEAT_MS);
    this.#beat.unref();
    this.#tracker.attend();
  }

  /** Joint bytes of this thread's caches. */
  get totalBytes(): number {
    return this.#tracker.totalBytes;
  }

  /**
   * Takes a cache in: an LRUCache or Map is instrumented in place, an EvictableCache is asked.
   * @throws SpillwayError ERR_SPILLWAY_ARGUMENT, ERR_SPILLWAY_CACHE_UNSUPPORTED, ERR_SPILLWAY_CACHE_DUPLICATE,
   * ERR_SPILLWAY_LEDGER_FULL; nothing is changed then.
   */
  register<K, V>(cache: LruCacheLike<K, V>, options: RegisterOptions<K, V>): CacheRegistration;
  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration;
  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration {
    const checked = checkRegistration(options);
    const kind = kindOf(cache);
    if (registeredObjects().has(cache)) throw duplicate(`The object for cache '${checked.name}' is registered already`);
    if (this.#names.has(checked.name))
      throw duplicate(`A cache named '${checked.name}' is registered already on this thread`);
    const row = claimCache(this.#words, this.#claim, {
      name: checked.name,
      priority: checked.priority,
      minBytes: checked.minBytes,
      maxBytes: Number.isFinite(checked.maxBytes) ? checked.maxBytes : -1,
      rebuildUs: checked.rebuildMs === null ? -1 : Math.round(checked.rebuildMs * 1e3),
    });
    let account: CacheAccount;
    try {
      account = this.#openAccount(row, checked, (opened) => this.#adapt(cache, kind, checked, opened));
    } catch (cause) {
      this.#tracker.release(row);
      throw unsupported(cache, cause);
    }
    this.#names.add(checked.name);
    registeredObjects().add(cache);
    const registration = this.#registration(account, cache);
    this.#registered.set(cache, registration);
    this.#tracker.look();
    askForSample(this.#words); // nothing bounds how fast it fills until the sampler knows of it
    return registration;
  }

  /** Books what the caches hold now, also those that tell nobody when that changes. */
  refresh(): void {
    this.#tracker.reconcileAll();
  }

  /** The loop is free: pays an order that stands on the page, in slices, and what is held beyond a cap that was lowered. */
  async payOnLoop(): Promise<void> {
    await this.#dispatcher.payOnLoop();
    this.payNow();
  }

  /** The thread reads the page: shows its heap there, where that may tell something new. Evicts nothing. */
  glance(): void {
    this.#heapWatch.glance(this.#tracker.totalBytes);
  }

  /** Whether V8's heap of this thread can take so much more. */
  hasHeapRoom(bytes: number): boolean {
    return this.#heapRoom.has(bytes);
  }

  /** Collects, where that is allowed and due. @returns whether it did. */
  collect(): boolean {
    return this.#collector.isDue(RESERVE_DUTY) && this.#collector.collect();
  }

  /** Sees to what stands on the page without waiting for the next cache operation. */
  payNow(): void {
    this.#tracker.attend();
    if (this.#dispatcher.isAboutToCollect) this.#tracker.attend();
    if (this.#options.enabled && !this.#dispatcher.isBusy) this.#tracker.undisturbed(() => this.#overflow.yield());
  }

  /** Brings the counters of this thread's caches that stand on the page up to date. */
  publishCounters(): void {
    this.#tracker.publishCounters();
  }

  /** Restores every cache, ends what is going on and gives the rows back; idempotent. */
  close(): void {
    clearInterval(this.#beat);
    this.#dispatcher.abort();
    for (const registration of [...this.#registered.values()]) registration.unregister();
    this.#tracker.finish();
    releaseThread(this.#words, this.#claim);
  }

  #epochMoved(): void {
    this.#tracker.reconcileAll();
    if (this.#heapWatch.isDue) this.#heapWatch.publish(this.#tracker.totalBytes);
    if (!this.#options.enabled || !readControl(this.#words, this.#claim.row, this.#control)) return;
    const { capBytes, paceBytes } = this.#control;
    this.#tracker.setCap(capBytes < 0 ? Number.POSITIVE_INFINITY : capBytes);
    this.#dispatcher.payInline();
    if (!this.#dispatcher.isAboutToCollect) this.#helpItself(paceBytes);
    this.#books.publish();
    const nowUs = monotonicUs();
    if (nowUs - this.#countersUs < COUNTERS_INTERVAL_US) return;
    this.#countersUs = nowUs;
    this.#tracker.publishCounters();
  }

  /** What the thread sees to between two samples. What an order has just made dead counts for nothing here: a collection comes next. */
  #helpItself(paceBytes: number): void {
    if (this.#heapWatch.publishedUs !== this.#watchedUs) {
      this.#watchedUs = this.#heapWatch.publishedUs;
      const { usedBytes, limitBytes } = this.#heapWatch.oldGeneration;
      if (this.#options.relievesHeap === true) this.#heapRoom.relieve(usedBytes, limitBytes);
      this.#watchdog.look(this.#heapWatch.heldBytes, this.#tracker.totalBytes + this.#books.evictedBytes);
    }
    if (paceBytes < 0) return;
    const isPaced = this.#collector.isPaced(paceBytes, loadTightGuard(this.#words), this.#dispatcher.holdsPace);
    if (isPaced) this.#collector.collect();
  }

  #openAccount(
    row: number,
    checked: Pick<CheckedRegistration<never, never>, 'name' | 'priority' | 'minBytes' | 'maxBytes'>,
    adapt: (account: CacheAccount) => CacheAdapter,
  ): CacheAccount {
    const { name, priority, minBytes, maxBytes } = checked;
    const terms = { row, name, priority, minBytes, maxBytes };
    const opened = new CacheAccount(terms, this.#tracker, monotonicMs());
    opened.adapter = adapt(opened);
    this.#tracker.open(opened);
    if (!this.#tracker.reconcile(opened)) {
      this.#options.onCacheFailed(name, 'lied', 'its own count of bytes is impossible; it counts as 0 until it is not');
    }
    return opened;
  }

  #adapt<K, V>(
    cache: RegistrableCache<K, V>,
    kind: CacheAdapter['kind'],
    { name, sizeOf: given }: CheckedRegistration<K, V>,
    account: CacheAccount,
  ): CacheAdapter {
    const sizeOf = safeSizeOf(given, (reason) => this.#options.onSizeFault(name, reason));
    if (kind === 'map') return adaptMap(cache as Map<K, V>, sizeOf, account);
    if (kind === 'evictable') return adaptEvictable(cache as EvictableCache);
    const lru = cache as LruCacheLike<K, V>;
    return adaptLruCache(lru, given === undefined && tracksSizes(lru) ? null : sizeOf, account);
  }

  #registration(account: CacheAccount, cache: object): CacheRegistration {
    const tracker = this.#tracker;
    let open = true;
    const unregister = () => {
      if (!open) return;
      open = false;
      account.adapter.detach();
      this.#dispatcher.close(account);
      registeredObjects().delete(cache);
      this.#registered.delete(cache);
      this.#names.delete(account.name);
    };
    return {
      name: account.name,
      get bytes() {
        if (open) tracker.reconcile(account);
        return account.bytes;
      },
      get stats() {
        return statsOf(account);
      },
      add(bytes) {
        if (!Number.isFinite(bytes)) {
          throw new SpillwayError(
            'ERR_SPILLWAY_ARGUMENT',
            `Expected \`bytes\` to be a finite number, got ${describeValue(bytes)}`,
          );
        }
        if (open) tracker.added(account, bytes);
      },
      unregister,
      [Symbol.dispose]: unregister,
    };
  }
}
