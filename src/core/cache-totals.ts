import { judgeWorth } from './cache-worth.js';
import { CounterWindow } from './counter-window.js';
import type { CacheStatistics, PressureStatistics, WindowStatistics } from './statistics.js';

const MINUTE_MS = 60_000;

/** Names whose caches are all gone that are still remembered, so that counters do not fall; the longest gone are forgotten first. */
const MOST_GONE_NAMES = 512;

/** The counters of one registration as last seen; `id` never comes back for another one. */
export interface CacheReading {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** -1 where the cache cannot tell. */
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  readonly puts: number;
  readonly pressureEvictions: number;
  readonly ownEvictions: number;
  readonly regrets: number;
  /** -1 where the user did not say. */
  readonly rebuildUs: number;
}

const COUNTERS = ['hits', 'misses', 'puts', 'pressureEvictions', 'ownEvictions', 'regrets'] as const;
type Counters = Record<(typeof COUNTERS)[number], number>;

/** What is kept of a name. */
interface NameTotals {
  /** Of all registrations that ever had the name. */
  readonly counters: Counters;
  readonly last5m: CounterWindow;
  readonly last60m: CounterWindow;
  bytes: number;
  entries: number;
  rebuildUs: number;
  live: boolean;
}

/**
 * Joins the counters of every thread's caches by name, and keeps their windows. Counters never fall when a thread goes; a window
 * is exact to a sixtieth of its length. Bounded by the live caches and `MOST_GONE_NAMES`. The time is the caller's, monotonic.
 */
export class CacheTotals {
  readonly #names = new Map<string, NameTotals>();
  #seen = new Map<string, CacheReading>();

  /** Takes in what every live cache says now. */
  observe(nowMs: number, readings: readonly CacheReading[]): void {
    for (const totals of this.#names.values()) {
      totals.live = false;
      totals.bytes = 0;
      totals.entries = 0;
    }
    const seen = new Map<string, CacheReading>();
    for (const reading of readings) {
      seen.set(reading.id, reading);
      this.#add(nowMs, reading);
    }
    this.#seen = seen;
    for (const { counters, last5m, last60m } of this.#names.values()) {
      last5m.observe(nowMs, counters.hits, counters.misses, counters.regrets);
      last60m.observe(nowMs, counters.hits, counters.misses, counters.regrets);
    }
    this.#forgetOldest();
  }

  /** Per name and in total, as of the last observation; by name, in the order of registration. */
  statistics(nowMs: number): Pick<PressureStatistics, 'caches' | 'total'> {
    const names = [...this.#names].map(([name, totals]) => ({
      name,
      totals,
      last60m: readWindow(totals.last60m, nowMs),
    }));
    const sum = {
      bytes: names.reduce((total, { totals }) => total + totals.bytes, 0),
      hits: names.reduce((total, { last60m }) => total + last60m.hits, 0),
    };
    const caches = names.map(({ name, totals, last60m }): CacheStatistics => {
      const rebuildCostMs = totals.rebuildUs < 0 ? null : totals.rebuildUs / 1e3;
      return {
        name,
        ...plain(totals),
        last5m: readWindow(totals.last5m, nowMs),
        last60m,
        rebuildCostMs,
        sparedMs: rebuildCostMs === null ? null : last60m.hits * rebuildCostMs,
        worth: judgeWorth({ bytes: totals.bytes, ...last60m, rebuildCostMs }, sum),
      };
    });
    return { caches, total: totalOf(caches) };
  }

  #add(nowMs: number, reading: CacheReading): void {
    let totals = this.#names.get(reading.name);
    if (totals === undefined) {
      totals = emptyTotals(nowMs);
      this.#names.set(reading.name, totals);
    }
    const before = this.#seen.get(reading.id);
    for (const counter of COUNTERS) {
      totals.counters[counter] += Math.max(0, reading[counter] - (before?.[counter] ?? 0));
    }
    totals.live = true;
    totals.bytes += reading.bytes;
    totals.entries = reading.entries < 0 || totals.entries < 0 ? -1 : totals.entries + reading.entries;
    totals.rebuildUs = Math.max(totals.rebuildUs, reading.rebuildUs);
  }

  #forgetOldest(): void {
    if (this.#names.size <= MOST_GONE_NAMES) return;
    for (const [name, totals] of this.#names) {
      if (this.#names.size <= MOST_GONE_NAMES) return;
      if (!totals.live) this.#names.delete(name);
    }
  }
}

function emptyTotals(nowMs: number): NameTotals {
  return {
    counters: { hits: 0, misses: 0, puts: 0, pressureEvictions: 0, ownEvictions: 0, regrets: 0 },
    last5m: new CounterWindow(5 * MINUTE_MS, 3, nowMs),
    last60m: new CounterWindow(60 * MINUTE_MS, 3, nowMs),
    bytes: 0,
    entries: 0,
    rebuildUs: -1,
    live: true,
  };
}

function plain({ counters, bytes, entries }: NameTotals) {
  const { hits, misses, puts, regrets, ownEvictions, pressureEvictions } = counters;
  const evictions = { own: ownEvictions, pressure: pressureEvictions };
  return {
    bytes,
    entries: entries < 0 ? null : entries,
    hits,
    misses,
    puts,
    evictions,
    regrets,
    hitRate: share(hits, hits + misses),
  };
}

/** What a window over hits, misses and regrets, in this order, shows now. */
export function readWindow(window: CounterWindow, nowMs: number): WindowStatistics {
  return windowStatistics(window.grown(nowMs, 0), window.grown(nowMs, 1), window.grown(nowMs, 2));
}

/** The shares that belong to counts of one window. Pure. */
export function windowStatistics(hits: number, misses: number, regrets: number): WindowStatistics {
  return { hits, misses, regrets, hitRate: share(hits, hits + misses), regretShare: share(regrets, misses) };
}

/** Null where there is nothing to divide by. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function totalOf(caches: readonly CacheStatistics[]): PressureStatistics['total'] {
  const sum = (read: (cache: CacheStatistics) => number) => caches.reduce((total, cache) => total + read(cache), 0);
  const windowSum = (window: 'last5m' | 'last60m') =>
    windowStatistics(
      sum((cache) => cache[window].hits),
      sum((cache) => cache[window].misses),
      sum((cache) => cache[window].regrets),
    );
  const hits = sum((cache) => cache.hits);
  const misses = sum((cache) => cache.misses);
  return {
    bytes: sum((cache) => cache.bytes),
    entries: caches.some((cache) => cache.entries === null) ? null : sum((cache) => cache.entries ?? 0),
    hits,
    misses,
    puts: sum((cache) => cache.puts),
    evictions: { own: sum((cache) => cache.evictions.own), pressure: sum((cache) => cache.evictions.pressure) },
    regrets: sum((cache) => cache.regrets),
    hitRate: share(hits, hits + misses),
    last5m: windowSum('last5m'),
    last60m: windowSum('last60m'),
    sparedMs: caches.every((cache) => cache.sparedMs === null) ? null : sum((cache) => cache.sparedMs ?? 0),
  };
}
