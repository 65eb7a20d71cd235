import { CounterWindow } from '../core/counter-window.js';
import { GhostList } from '../core/ghost-list.js';
import type { CacheCounters } from '../page/cache-rows.js';
import type { CacheAdapter } from './contract.js';

/**
 * The books of one registered cache on the thread that owns it. The numbers here are exact and private; the page carries a
 * copy of `bytes` that is renewed with every change, and of the counters that is renewed when the epoch moves.
 */
export interface CacheAccount {
  readonly row: number;
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  /** Infinity: none. */
  readonly maxBytes: number;
  /** Writer: the registration, once. */
  adapter: CacheAdapter;
  readonly counters: CacheCounters;
  /** True from registration to its end; only then the row is this cache's. Writer: the tracker. */
  open: boolean;
  /** What pressure evicted. */
  readonly ghosts: GhostList;
  readonly last5m: CounterWindow;
  readonly last60m: CounterWindow;
  /** Why the adapter drops entries just now. Writer: the dispatcher. */
  dropReason: 'own' | 'pressure';
  /** Calls of its own operations that are under way. Writer: the tracker. */
  inside: number;
  /** Bytes held, as last reconciled with the cache. Writer: the tracker. */
  bytes: number;
  /** What the caches of higher priority leave it when a put overflows the cap. Writer: the tracker. */
  protectedBytes: number;
  /** Failures in a row; three put the cache in quarantine. Writer: the dispatcher. */
  failures: number;
  quarantined: boolean;
}

const MINUTE_MS = 60_000;

/** What an account counts with, before anything happened. */
export function emptyBooks(nowMs: number) {
  return {
    counters: emptyCounters(),
    ghosts: new GhostList(),
    last5m: new CounterWindow(5 * MINUTE_MS, 3, nowMs),
    last60m: new CounterWindow(60 * MINUTE_MS, 3, nowMs),
  };
}

/** Moves the windows of an account on to now; to be called every few seconds. */
export function moveWindows({ counters, last5m, last60m }: CacheAccount, nowMs: number): void {
  last5m.observe(nowMs, counters.hits, counters.misses, counters.regrets);
  last60m.observe(nowMs, counters.hits, counters.misses, counters.regrets);
}

function emptyCounters(): CacheCounters {
  return { hits: 0, misses: 0, puts: 0, pressureEvictions: 0, ownEvictions: 0, regrets: 0 };
}
