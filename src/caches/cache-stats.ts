import { readWindow } from '../core/cache-totals.js';
import { monotonicMs } from '../page/clock.js';
import type { CacheAccount } from './account.js';
import type { CacheStats } from './contract.js';

/** What a registration shows of its account: now, and over the last minutes. On the thread that owns the cache. */
export function statsOf(account: CacheAccount): CacheStats {
  const nowMs = monotonicMs();
  account.moveWindows(nowMs);
  const { hits, misses, puts, ownEvictions, pressureEvictions, regrets } = account;
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
