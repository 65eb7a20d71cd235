import type { ReadWatched, WatchedValue } from './alert-rules.js';
import { isLevel, levelCode } from './level.js';
import { metricNamed, type Observation } from './metrics.js';
import type { CacheStatistics, WindowStatistics } from './statistics.js';
import type { UnownedGrowth } from './unowned-growth.js';

/** Reads, or misses, in a window below which its shares are left unknown. Source: at 100 one event is 1 %. */
const FEWEST_EVENTS = 100;

/**
 * What alert rules can watch at one moment: the metrics of the catalog by name, every field of `PressureState` by path, and
 * `caches.<name>.*` (as `CacheStatistics`), `evictions.<level>.*`, `sampler.*`, `futileInARow`, `degraded`, `unowned.*`. Levels read as
 * wire codes, truths as 0 and 1; `secondsToLimit` is Infinity while nothing grows. Pure.
 */
export function readWatchedIn(observation: Observation, unowned: UnownedGrowth): ReadWatched {
  const { state, statistics } = observation;
  const tree = {
    ...state,
    secondsToLimit: state.secondsToLimit ?? Number.POSITIVE_INFINITY,
    degraded: state.health === 'degraded',
    evictions: statistics.evictions,
    futileInARow: statistics.futileInARow,
    sampler: statistics.sampler,
    unowned,
    caches: Object.fromEntries(statistics.caches.map((cache) => [cache.name, cautious(cache)])),
    cacheBytes: state.caches.totalBytes,
  };
  return (watch) => {
    const metric = metricNamed(watch);
    if (metric === undefined) return valuesAt(tree, watch.split('.'), '');
    if (metric.kind === 'histogram') return [];
    return metric.read(observation).map(({ labels, value }) => ({ subject: Object.values(labels).join(' '), value }));
  };
}

function valuesAt(node: unknown, path: readonly string[], subject: string): WatchedValue[] {
  const [segment, ...rest] = path;
  if (segment === undefined) {
    const value = asNumber(node);
    return value === undefined ? [] : [{ subject, value }];
  }
  if (node === null) return [{ subject, value: null }];
  if (typeof node !== 'object') return [];
  if (segment === '*') return Object.entries(node).flatMap(([name, child]) => valuesAt(child, rest, name));
  return Object.hasOwn(node, segment) ? valuesAt(Reflect.get(node, segment), rest, subject) : [];
}

function asNumber(leaf: unknown): number | null | undefined {
  if (leaf === null) return null;
  if (typeof leaf === 'boolean') return leaf ? 1 : 0;
  if (isLevel(leaf)) return levelCode(leaf);
  return typeof leaf === 'number' && !Number.isNaN(leaf) ? leaf : undefined;
}

/** The same statistics, with the shares of too few events unknown. */
function cautious(cache: CacheStatistics): CacheStatistics {
  return { ...cache, last5m: cautiousWindow(cache.last5m), last60m: cautiousWindow(cache.last60m) };
}

function cautiousWindow(window: WindowStatistics): WindowStatistics {
  return {
    ...window,
    hitRate: window.hits + window.misses < FEWEST_EVENTS ? null : window.hitRate,
    regretShare: window.misses < FEWEST_EVENTS ? null : window.regretShare,
  };
}
