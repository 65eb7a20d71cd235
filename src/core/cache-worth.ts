import { formatBytes, formatRatio, MIB } from './units.js';

/** Reads in the window below which nothing is said of a cache. Source: at 100 reads a rate of 1 % is a single hit. */
const FEWEST_READS = 100;
/** A cache that finds less than this is dead weight. */
const USELESS_HIT_RATE = 0.01;
/** Regrets per miss from which a cache is said to be too small: every tenth rebuild was caused by pressure. */
const STARVED_REGRET_SHARE = 0.1;
/** Hits per byte, against the mean of all caches, below which a cache is said to hold too much. */
const OVERSIZED_DENSITY = 0.25;
/** A cache smaller than this cannot be oversized: there is nothing worth taking. */
const SMALLEST_OVERSIZED_BYTES = 16 * MIB;

/** Whether a cache is worth its memory, in one word and in one sentence with the numbers. */
export interface CacheWorth {
  /**
   * `worth-it`; `too-small`: pressure takes what is needed again; `too-large`: few hits for its bytes; `useless`: hardly ever
   * hit; `too-early`: not enough reads to tell.
   */
  readonly verdict: 'worth-it' | 'too-small' | 'too-large' | 'useless' | 'too-early';
  readonly reason: string;
}

/** What the verdict rests on; the window is the last 60 minutes. */
export interface WorthInput {
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly regrets: number;
  /** Null where the user did not say. */
  readonly rebuildCostMs: number | null;
}

/** Whether `cache` is worth its memory; `total` is all caches together, itself included. Pure. */
export function judgeWorth(cache: WorthInput, total: { readonly bytes: number; readonly hits: number }): CacheWorth {
  const reads = cache.hits + cache.misses;
  if (reads < FEWEST_READS) {
    return { verdict: 'too-early', reason: `${reads} reads in the last hour are too few to tell` };
  }
  const hitRate = cache.hits / reads;
  const held = formatBytes(cache.bytes);
  if (hitRate < USELESS_HIT_RATE) {
    return { verdict: 'useless', reason: `${cache.hits} of ${reads} reads found something, for ${held}` };
  }
  const regretShare = cache.misses === 0 ? 0 : cache.regrets / cache.misses;
  if (regretShare >= STARVED_REGRET_SHARE) {
    return {
      verdict: 'too-small',
      reason: `${formatRatio(regretShare)} of its misses asked for what pressure had just evicted`,
    };
  }
  const share = { bytes: cache.bytes / (total.bytes || 1), hits: cache.hits / (total.hits || 1) };
  if (cache.bytes >= SMALLEST_OVERSIZED_BYTES && share.hits < share.bytes * OVERSIZED_DENSITY) {
    return {
      verdict: 'too-large',
      reason: `holds ${formatRatio(share.bytes)} of the cached bytes for ${formatRatio(share.hits)} of the hits`,
    };
  }
  return { verdict: 'worth-it', reason: `${formatRatio(hitRate)} of ${reads} reads hit, ${held}${spared(cache)}` };
}

function spared(cache: WorthInput): string {
  if (cache.rebuildCostMs === null) return '';
  return `, ${((cache.hits * cache.rebuildCostMs) / 1000).toFixed(1)} s of rebuilding spared`;
}
