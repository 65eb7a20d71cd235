import { type CacheReading, CacheTotals } from '../core/cache-totals.js';
import type { EvictionReport } from '../core/eviction.js';
import { LEVELS, type Level } from '../core/level.js';
import { RESOURCE_NAMES, resourceCode } from '../core/resource.js';
import type { EvictionTotals, PressureStatistics } from '../core/statistics.js';
import { liveCaches, loadCacheCounters, loadCacheEntries } from '../page/cache-rows.js';
import { monotonicMs } from '../page/clock.js';
import type { PublishedState } from '../page/state-codec.js';

/**
 * Counts what a runtime did since its start: time at each level, rounds of eviction, and what the caches of all threads did. Runs
 * on the thread that started the runtime; costs nothing between two events.
 */
export class Bookkeeping {
  readonly #words: Int32Array;
  readonly #caches = new CacheTotals();
  readonly #levelMs: Record<Level, number> = byLevel(() => 0);
  readonly #rounds: Record<Level, EvictionTotals> = byLevel(() => ({ rounds: 0, evictedBytes: 0, returnedBytes: 0 }));
  #level: Level = 'normal';
  /** Epoch ms: transitions are dated by the sampler, and may arrive late when this thread was busy. */
  #levelSince = Date.now();
  #futileInARow = 0;

  constructor(words: Int32Array) {
    this.#words = words;
    this.observeCaches();
  }

  /** @param at epoch ms of the transition. */
  levelChanged(to: Level, at: number): void {
    this.#levelMs[this.#level] += Math.max(0, at - this.#levelSince);
    this.#level = to;
    this.#levelSince = at;
  }

  evicted(report: EvictionReport): void {
    const totals = this.#rounds[report.level];
    this.#rounds[report.level] = {
      ...totals,
      rounds: totals.rounds + 1,
      evictedBytes: totals.evictedBytes + report.evictedBytes,
    };
  }

  /** The measured outcome of a round that was counted before. */
  settled(report: EvictionReport): void {
    const totals = this.#rounds[report.level];
    const returnedBytes = totals.returnedBytes + Math.max(0, report.returnedBytes ?? 0);
    this.#rounds[report.level] = { ...totals, returnedBytes };
    if (report.verdict === 'futile') this.#futileInARow++;
    else if (report.verdict !== 'nothing-to-evict') this.#futileInARow = 0;
  }

  /** Takes in the counters that stand on the page. To be called every few seconds, so that the windows move. */
  observeCaches(): void {
    this.#caches.observe(
      monotonicMs(),
      liveCaches(this.#words).map((cache): CacheReading => {
        const { row, owner, name, bytes, rebuildUs } = cache;
        const entries = loadCacheEntries(this.#words, row);
        return { id: `${row}:${owner}`, name, bytes, entries, rebuildUs, ...loadCacheCounters(this.#words, row) };
      }),
    );
  }

  /** Everything that was counted, up to this moment. */
  statistics(published: PublishedState): PressureStatistics {
    this.observeCaches();
    const levelSeconds = byLevel((level) => this.#levelMs[level] / 1e3);
    levelSeconds[this.#level] += Math.max(0, Date.now() - this.#levelSince) / 1e3;
    return {
      ...this.#caches.statistics(monotonicMs()),
      levelSeconds,
      evictions: { ...this.#rounds },
      futileInARow: this.#futileInARow,
      sampler: {
        cpuSeconds: published.samplerCpuUs / 1e6,
        latenessSeconds: published.latenessUs / 1e6,
        failures: Object.fromEntries(
          RESOURCE_NAMES.map((name) => [name, published.resources[resourceCode(name)]?.failures ?? 0]),
        ),
      },
    };
  }
}

function byLevel<T>(make: (level: Level) => T): Record<Level, T> {
  return Object.fromEntries(LEVELS.map((level) => [level, make(level)])) as Record<Level, T>;
}
