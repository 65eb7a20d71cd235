/**
 * One crossing of `critical`: the process fills its caches, then other memory rises past the threshold, by the kernel's own count of the
 * resident set. A blocked loop goes on with cache operations; a free one waits. argv: a `Crossing` as JSON; prints a `CrossingResult`.
 */
import { LRUCache } from 'lru-cache';
import { type EvictionReport, isAtLeast, startPressureRuntime } from 'spillway';

export interface Crossing {
  readonly holds: '100 000 entries' | '500 MB';
  readonly loop: 'free' | 'blocked';
  /** `steady`: at 500 MB/s, until it is crossed. `far`: by one block, well past it, so that the round is large enough to be seen. */
  readonly rise: 'steady' | 'far';
}

/**
 * Since the crossing. What counts is the round that pays for it, at `critical` or ahead of it at `warning`, with those that it found under way: a
 * first bite is a hundredth of the limit, and says nothing about the crossing.
 */
export interface CrossingTimes {
  /** Until the caches had dropped what was asked for. */
  readonly evictedMs: number;
  /** Until the state showed nine tenths of what was dropped gone from the resident set. */
  readonly returnedMs: number;
  /** Until the report of that round was complete, on a free loop; null on a blocked one, which hears nothing. */
  readonly settledMs: number | null;
}

/**
 * null: nothing was left to be paid for, since a collection alone, or that of a first bite, had brought usage back below `critical` before any round came
 * that pays.
 */
export type CrossingResult = CrossingTimes | null;

/** What was seen at some time. */
interface Sight {
  readonly atMs: number;
  /** When the resident set was sampled that the state shows, by the wall clock. */
  readonly sampledAt: number;
  readonly cacheBytes: number;
  readonly rssBytes: number;
}

const MB = 1e6;
const KIB = 1024;
const CHUNK_BYTES = MB;
const STEADY_BYTES_PER_MS = (500 * MB) / 1e3;
/** Where a far rise ends: it is counted from there, since nothing of anybody's runs before. */
const FAR = 0.85;
const CRITICAL = 0.8;
/** Where the filled caches leave the process. */
const START_RATIO = 0.6;
const VISIBLE_SHARE = 0.9;
/** A round at `warning` that asks for more than this share of the limit is no first bite. */
const MOST_FIRST_BITE = 0.02;
/** Longest look after a crossing; what has not happened by then counts as having taken so long. */
const WATCH_MS = 600;
const CACHES = 4;

const { holds, loop, rise } = JSON.parse(process.argv[2] ?? '') as Crossing;
const [entries, entryBytes] = holds === '500 MB' ? [Math.round((500 * MB) / (256 * KIB)), 256 * KIB] : [100_000, KIB];

const caches = Array.from(
  { length: CACHES },
  () => new LRUCache<number, Buffer>({ maxSize: entries * entryBytes, sizeCalculation: ({ length }) => length }),
);
for (let key = 0; key < entries; key++) caches[key % CACHES]?.set(key, Buffer.alloc(entryBytes, 1));

const limitBytes = Math.ceil(process.memoryUsage.rss() / START_RATIO);
const pressure = await startPressureRuntime({
  resources: { system: false, container: false, heap: false, process: { limitBytes } },
});
for (const [index, cache] of caches.entries()) pressure.register(cache, { name: `cache ${index}`, priority: index });
const reports: EvictionReport[] = [];
let settledMs = Number.POSITIVE_INFINITY;
pressure.on('eviction', (report) => {
  if (!reports.some(paysForCrossing) && paysForCrossing(report)) {
    void report.settled.then(() => {
      settledMs = performance.now() - crossedMs;
    });
  }
  reports.push(report);
});

const others: Buffer[] = [];
if (rise === 'far') others.push(Buffer.alloc(Math.ceil(FAR * limitBytes) - process.memoryUsage.rss(), 1));
for (const startMs = performance.now(); process.memoryUsage.rss() < CRITICAL * limitBytes; ) {
  const dueBytes = (performance.now() - startMs) * STEADY_BYTES_PER_MS;
  if (others.length * CHUNK_BYTES < dueBytes) others.push(Buffer.alloc(CHUNK_BYTES, 1));
}
const crossedMs = performance.now();
const crossedAt = Date.now();
const crossedBytes = process.memoryUsage.rss();
const sights = [look()];
if (loop === 'blocked') watchBlocked();
else await watchFree();
// a report of the last moment may still be on its way
if (!reports.some(paysForCrossing)) await new Promise((resolve) => setTimeout(resolve, WATCH_MS));

const [start] = sights;
if (start === undefined) throw new Error('Nothing was seen');
const rounds = reports.slice(0, reports.findIndex(paysForCrossing) + 1);
const payingAt = rounds.at(-1)?.at ?? Number.POSITIVE_INFINITY;
const askedBytes = rounds.reduce(
  (sum, { requestedBytes, evictedBytes }) => sum + Math.min(requestedBytes, evictedBytes),
  0,
);
const evictedBytes = rounds.reduce((sum, round) => sum + round.evictedBytes, 0);
const isUndone = sights.some(
  ({ sampledAt, rssBytes }) =>
    sampledAt > relievedAt(rounds) && sampledAt < payingAt && rssBytes < CRITICAL * limitBytes,
);
const times: CrossingTimes = {
  evictedMs: rounds.length === 0 ? WATCH_MS : firstMs(({ cacheBytes }) => start.cacheBytes - cacheBytes >= askedBytes),
  // what the state shows first was read before the crossing, and may be less than the process had then
  returnedMs: firstMs(
    ({ rssBytes }) => rssBytes !== start.rssBytes && crossedBytes - rssBytes >= VISIBLE_SHARE * evictedBytes,
  ),
  settledMs: loop === 'blocked' ? null : Math.min(WATCH_MS, settledMs),
};
const result: CrossingResult = isUndone ? null : times;
await pressure.stop();
process.stdout.write(`${JSON.stringify(result)}\n`);
others.length = 0;

function paysForCrossing({ level, requestedBytes }: EvictionReport): boolean {
  return isAtLeast(level, 'critical') || requestedBytes > MOST_FIRST_BITE * limitBytes;
}

/** Since when usage below `critical` is the doing of a first bite, or of a collection alone where no round came; else it only swings. Wall clock. */
function relievedAt([bite, paying]: readonly EvictionReport[]): number {
  if (bite === undefined) return crossedAt;
  return paying === undefined ? Number.POSITIVE_INFINITY : Math.max(crossedAt, bite.at + bite.durationMs);
}

/** The state is read as any user of the page would. */
function look(): Sight {
  const cacheBytes = caches.reduce((sum, cache) => sum + cache.calculatedSize, 0);
  const { sampledAt, process: shown } = pressure.state;
  return { atMs: performance.now(), sampledAt, cacheBytes, rssBytes: shown.rssBytes };
}

function watchBlocked(): void {
  let lookedMs = crossedMs;
  for (let key = 0; lookedMs - crossedMs < WATCH_MS; key++) {
    caches[key % CACHES]?.get(key % entries);
    if (performance.now() - lookedMs < 1) continue;
    sights.push(look());
    lookedMs = performance.now();
  }
}

async function watchFree(): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      sights.push(look());
      if (performance.now() - crossedMs < WATCH_MS) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

function firstMs(isReached: (sight: Sight) => boolean): number {
  const reached = sights.find((sight) => sight.atMs >= crossedMs && isReached(sight));
  return reached === undefined ? WATCH_MS : reached.atMs - crossedMs;
}
