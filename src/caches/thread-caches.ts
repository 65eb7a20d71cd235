import { readWindow } from '../core/cache-totals.js';
import { describeValue, SpillwayError } from '../core/errors.js';
import type { EvictionRequest } from '../core/eviction.js';
import { parseBytes } from '../core/units.js';
import { claimCache, nameByteLength } from '../page/cache-rows.js';
import { monotonicMs, monotonicUs } from '../page/clock.js';
import { NAME_BYTES } from '../page/layout.js';
import { emptyThreadControl, type Receipt, readControl } from '../page/orders.js';
import { releaseThread, type ThreadClaim } from '../page/thread-rows.js';
import { type CacheAccount, emptyBooks, moveWindows } from './account.js';
import { adaptEvictable, isEvictableCache } from './adapters/evictable.js';
import {
  adaptLruCache,
  adaptUnsizedLruCache,
  isLruCache,
  type LruCacheLike,
  tracksSizes,
} from './adapters/lru-cache.js';
import { adaptMap } from './adapters/map.js';
import { Collector } from './collection.js';
import type { CacheAdapter, CacheRegistration, CacheStats, EvictableCache, RegisterOptions } from './contract.js';
import { Dispatcher } from './dispatcher.js';
import { HeapWatch } from './heap-watch.js';
import type { Operations } from './operations.js';
import { safeSizeOf } from './size-of.js';
import { Tracker } from './tracker.js';
import { Watchdog } from './watchdog.js';

/** Collections that keep the float of evicted bytes small may take this share of wall time. Source: bench/squeeze. */
const PACE_DUTY = 0.015;

/** Counters on the page are for people and metrics: this often is enough. */
const COUNTERS_INTERVAL_US = 100_000;

/** How often a thread that does nothing with its caches publishes its heap and looks at the page. */
const BEAT_MS = 500;

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
  /** What `resourceLimits` says about the young generation of a worker's heap, MiB; null on the main thread. */
  readonly workerYoungMib: number | null;
  /** Tells the sampler that an order was carried out. */
  readonly onPaid: (order: number) => void;
  /** A cache misbehaved; `code` is that of a process warning. */
  readonly onFault: (code: 'SPILLWAY_SIZE_OF' | 'SPILLWAY_CACHE_FAILED', cache: string, reason: string) => void;
}

/** All caches of one thread: registers them, keeps their books, and pays what the page asks for. */
export class ThreadCaches {
  readonly #words: Int32Array;
  readonly #claim: ThreadClaim;
  readonly #options: ThreadCachesOptions;
  readonly #tracker: Tracker;
  readonly #collector: Collector;
  readonly #dispatcher: Dispatcher;
  readonly #heapWatch: HeapWatch;
  readonly #watchdog: Watchdog;
  readonly #control = emptyThreadControl();
  readonly #registered = new Map<object, CacheRegistration>();
  readonly #names = new Set<string>();
  readonly #beat: NodeJS.Timeout;
  #countersUs = 0;

  constructor(words: Int32Array, claim: ThreadClaim, options: ThreadCachesOptions) {
    this.#words = words;
    this.#claim = claim;
    this.#options = options;
    this.#collector = new Collector(options.collectGarbage);
    this.#heapWatch = new HeapWatch(words, claim.row, this.#collector, options.workerYoungMib);
    this.#tracker = new Tracker(words, claim.generation, {
      epochMoved: () => this.#epochMoved(),
      overflowed: (account) => this.#dispatcher.payOverflow(account),
    });
    this.#dispatcher = new Dispatcher(words, claim.row, this.#tracker, this.#collector, options.respectCacheLimits, {
      orderDone: options.onPaid,
      cacheFailed: (account, receipt: Receipt) =>
        options.onFault('SPILLWAY_CACHE_FAILED', account.name, `it ${receipt.outcome} when asked to evict`),
    });
    this.#watchdog = new Watchdog(words, this.#collector, {
      heldBytes: () => {
        this.#heapWatch.publish(this.#tracker.totalBytes);
        return this.#heapWatch.heldBytes;
      },
      drop: (bytes) => this.#dispatcher.dropNow(bytes, LAST_RESORT),
    });
    this.#beat = setInterval(() => this.#tracker.attend(), BEAT_MS);
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
  register<K, V>(cache: RegistrableCache<K, V>, options: RegisterOptions<K, V>): CacheRegistration {
    const checked = checkRegistration(options);
    if (typeof cache !== 'object' || cache === null) throw unsupported(cache);
    if (this.#registered.has(cache)) {
      throw new SpillwayError(
        'ERR_SPILLWAY_CACHE_DUPLICATE',
        `The object for cache '${checked.name}' is registered already`,
      );
    }
    if (this.#names.has(checked.name)) {
      throw new SpillwayError(
        'ERR_SPILLWAY_CACHE_DUPLICATE',
        `A cache named '${checked.name}' is registered already on this thread`,
      );
    }
    const kind = kindOf(cache);
    const row = claimCache(this.#words, this.#claim, {
      name: checked.name,
      priority: checked.priority,
      minBytes: checked.minBytes,
      maxBytes: Number.isFinite(checked.maxBytes) ? checked.maxBytes : -1,
      rebuildUs: checked.rebuildMs === null ? -1 : Math.round(checked.rebuildMs * 1e3),
    });
    const account = this.#openAccount(row, checked, (operations) => this.#adapt(cache, kind, options, operations));
    this.#names.add(checked.name);
    const registration = this.#registration(account, cache);
    this.#registered.set(cache, registration);
    this.#tracker.look();
    return registration;
  }

  /** An order stands on the page and the loop is free: pay it in slices. */
  async payOnLoop(): Promise<void> {
    await this.#dispatcher.payOnLoop();
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
    releaseThread(this.#words, this.#claim);
  }

  #epochMoved(): void {
    const isNew = this.#heapWatch.publishIfDue(this.#tracker.totalBytes);
    if (!this.#options.enabled || !readControl(this.#words, this.#claim.row, this.#control)) return;
    const { capBytes, paceBytes } = this.#control;
    this.#tracker.setCap(capBytes < 0 ? Number.POSITIVE_INFINITY : capBytes);
    this.#dispatcher.payInline();
    if (isNew) this.#watchdog.look(this.#heapWatch.heldBytes);
    const nowUs = monotonicUs();
    if (paceBytes >= 0 && this.#collector.uncollectedBytes >= paceBytes && this.#collector.isDue(nowUs, PACE_DUTY)) {
      this.#collector.collect();
    }
    this.#dispatcher.publishCounters();
    if (nowUs - this.#countersUs < COUNTERS_INTERVAL_US) return;
    this.#countersUs = nowUs;
    this.#tracker.publishCounters();
  }

  #openAccount(
    row: number,
    checked: CheckedRegistration,
    adapt: (operations: Operations) => CacheAdapter,
  ): CacheAccount {
    const { name, priority, minBytes, maxBytes } = checked;
    const account = { row, name, priority, minBytes, maxBytes, ...emptyBooks(monotonicMs()) };
    const books = {
      open: false,
      bytes: 0,
      protectedBytes: 0,
      failures: 0,
      quarantined: false,
      dropReason: 'pressure' as const,
    };
    const opened: CacheAccount = { ...account, ...books, adapter: UNADAPTED };
    opened.adapter = adapt(this.#tracker.operationsOf(opened));
    this.#tracker.open(opened);
    return opened;
  }

  #adapt<K, V>(
    cache: RegistrableCache<K, V>,
    kind: CacheAdapter['kind'],
    options: RegisterOptions<K, V>,
    operations: Operations,
  ): CacheAdapter {
    const sizeOf = safeSizeOf(options.sizeOf, (reason) =>
      this.#options.onFault('SPILLWAY_SIZE_OF', options.name, reason),
    );
    if (kind === 'map') return adaptMap(cache as Map<K, V>, sizeOf, operations);
    if (kind === 'evictable') return adaptEvictable(cache as EvictableCache);
    const lru = cache as LruCacheLike<K, V>;
    return options.sizeOf === undefined && tracksSizes(lru)
      ? adaptLruCache(lru, operations)
      : adaptUnsizedLruCache(lru, sizeOf, operations);
  }

  #registration(account: CacheAccount, cache: object): CacheRegistration {
    const tracker = this.#tracker;
    let open = true;
    const unregister = () => {
      if (!open) return;
      open = false;
      account.adapter.detach();
      tracker.close(account);
      this.#registered.delete(cache);
      this.#names.delete(account.name);
    };
    const operations = tracker.operationsOf(account);
    return {
      name: account.name,
      get bytes() {
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
        if (open) operations.put(Math.max(0, account.bytes + bytes));
      },
      unregister,
      [Symbol.dispose]: unregister,
    };
  }
}

/** Stands in while the adapter is made: it is laid over the cache before the account is open. */
const UNADAPTED: CacheAdapter = {
  kind: 'evictable',
  bytes: () => 0,
  entries: () => -1,
  drop: () => undefined,
  detach: () => undefined,
};

interface CheckedRegistration {
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rebuildMs: number | null;
}

const KNOWN_OPTIONS = ['name', 'priority', 'minBytes', 'maxBytes', 'sizeOf', 'rebuildCost'];
const DEFAULT_PRIORITY = 10;

function checkRegistration<K, V>(options: RegisterOptions<K, V>): CheckedRegistration {
  if (typeof options !== 'object' || options === null) throw badArgument('options', 'an object with a name', options);
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.includes(key)) throw badArgument(`options.${key}`, `one of ${KNOWN_OPTIONS.join(', ')}`, key);
  }
  const { name, priority = DEFAULT_PRIORITY, minBytes = 0, maxBytes, sizeOf, rebuildCost } = options;
  if (typeof name !== 'string' || name === '' || nameByteLength(name) > NAME_BYTES) {
    throw badArgument('options.name', `a name of 1 to ${NAME_BYTES} bytes`, name);
  }
  if (!Number.isInteger(priority) || Math.abs(priority) >= 2 ** 31)
    throw badArgument('options.priority', 'a 32-bit whole number', priority);
  const floor = parseBytes(minBytes);
  if (floor === null) throw badArgument('options.minBytes', "bytes or a size such as '64MiB'", minBytes);
  const limit =
    maxBytes === undefined || maxBytes === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : parseBytes(maxBytes);
  if (limit === null) throw badArgument('options.maxBytes', "bytes or a size such as '64MiB'", maxBytes);
  if (limit < floor) throw badArgument('options.maxBytes', `at least minBytes (${floor})`, maxBytes);
  if (sizeOf !== undefined && typeof sizeOf !== 'function') throw badArgument('options.sizeOf', 'a function', sizeOf);
  if (rebuildCost !== undefined && !(Number.isFinite(rebuildCost) && rebuildCost >= 0)) {
    throw badArgument('options.rebuildCost', 'milliseconds >= 0', rebuildCost);
  }
  return { name, priority, minBytes: floor, maxBytes: limit, rebuildMs: rebuildCost ?? null };
}

function badArgument(path: string, expected: string, given: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected \`${path}\` to be ${expected}, got ${describeValue(given)}`,
  );
}

function kindOf(cache: object): CacheAdapter['kind'] {
  if (isLruCache(cache)) return 'lru-cache';
  if (cache instanceof Map) return 'map';
  if (isEvictableCache(cache)) return 'evictable';
  throw unsupported(cache);
}

function unsupported(cache: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_CACHE_UNSUPPORTED',
    `Expected the cache to be an LRUCache (10 or later), a Map, or an object with \`bytes\` and \`evict()\`, got ${describeValue(cache)}`,
  );
}

function statsOf(account: CacheAccount): CacheStats {
  const nowMs = monotonicMs();
  moveWindows(account, nowMs);
  const { hits, misses, puts, ownEvictions, pressureEvictions, regrets } = account.counters;
  const entries = account.adapter.entries();
  const reads = hits + misses;
  return {
    bytes: account.bytes,
    entries: entries < 0 ? null : entries,
    meanEntryBytes: entries > 0 ? account.bytes / entries : 0,
    hits,
    misses,
    puts,
    evictions: { own: ownEvictions, pressure: pressureEvictions },
    regrets,
    hitRate: reads === 0 ? null : hits / reads,
    last5m: readWindow(account.last5m, nowMs),
    last60m: readWindow(account.last60m, nowMs),
  };
}
