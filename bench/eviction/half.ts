/**
 * Half of 100 000 entries of an LRUCache, dropped by `pop()` and by an order to the dispatcher, in pairs. The bench is the sampler: it writes the
 * order on the page. argv: level, pairs. Prints `Halves` as JSON.
 */
import { strictEqual } from 'node:assert';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { findCollect, v8Engine } from '../../src/caches/engine.js';
import { ThreadCaches } from '../../src/caches/thread-caches.js';
import type { Level } from '../../src/core/level.js';
import { COLLECT, emptyThreadControl, isOrderDone, writeControl } from '../../src/page/orders.js';
import { bumpEpoch, createPage } from '../../src/page/page.js';
import { claimThread } from '../../src/page/thread-rows.js';

/** Milliseconds, one of each for every pair. */
export interface Halves {
  readonly bareMs: number[];
  readonly dispatchedMs: number[];
  /** The first miss after a dispatch, which sorts in what was evicted. */
  readonly missMs: number[];
}

const ENTRIES = 100_000;
const ENTRY_BYTES = 1000;
const WARM_UP_PAIRS = 3;
const RESTING_TURNS = 3;

const [level = 'emergency', pairs = '9'] = process.argv.slice(2);
const words = createPage();
const claim = claimThread(words, 0, -1);
const caches = new ThreadCaches(words, claim, {
  enabled: true,
  collectGarbage: 'never', // what is compared is dropping; a collection costs both the same
  respectCacheLimits: true,
  engine: v8Engine(null),
  onSizeFault: (cache, reason) => {
    throw new Error(`${cache}: ${reason}`);
  },
  onCacheFailed: (cache, outcome) => {
    throw new Error(`${cache}: ${outcome}`);
  },
});
const collect = findCollect() ?? (() => false);
let orders = 0;

function fill(cache: LRUCache<string, object>): void {
  for (let key = 0; cache.size < ENTRIES; key++) cache.set(`frame:${key}`, { key });
}

function makeCache(): LRUCache<string, object> {
  return new LRUCache({ maxSize: 2 * ENTRIES * ENTRY_BYTES, sizeCalculation: () => ENTRY_BYTES });
}

function popHalf(cache: LRUCache<string, object>): number {
  const startMs = performance.now();
  while (cache.size > ENTRIES / 2) cache.pop();
  return performance.now() - startMs;
}

/**
 * Leaves V8 nothing of its own to do between two turns of the loop: what it has begun while a cache was filled would fall into the turns of a
 * dispatch, and never into a loop that does not turn.
 */
async function rest(): Promise<void> {
  strictEqual(collect(), true);
  for (let turn = 0; turn < RESTING_TURNS; turn++) await nextTurn();
}

/** From the order on the page to its receipt; on a free loop, between two of whose turns no other work waits. */
async function dispatchHalf(): Promise<number> {
  const order = ++orders;
  const control = { ...emptyThreadControl(), order, round: order, level: level as Level, collect: COLLECT.never };
  writeControl(words, claim.row, control, [{ row: 0, owedBytes: (ENTRIES / 2) * ENTRY_BYTES }]);
  bumpEpoch(words);
  const startMs = performance.now();
  await caches.payOnLoop();
  const durationMs = performance.now() - startMs;
  strictEqual(isOrderDone(words, claim.row, order), true);
  return durationMs;
}

function missOnce(): number {
  const startMs = performance.now();
  strictEqual(registered.get('absent'), undefined);
  return performance.now() - startMs;
}

const bare = makeCache();
const registered = makeCache();
caches.register(registered, { name: 'frame' });
const halves: Halves = { bareMs: [], dispatchedMs: [], missMs: [] };
for (let pair = -WARM_UP_PAIRS; pair < Number(pairs); pair++) {
  fill(bare);
  fill(registered);
  const isBareFirst = pair % 2 === 0;
  await rest();
  const early = isBareFirst ? popHalf(bare) : await dispatchHalf();
  await rest();
  const late = isBareFirst ? await dispatchHalf() : popHalf(bare);
  const missMs = missOnce();
  strictEqual(registered.size, ENTRIES / 2);
  strictEqual(bare.size, ENTRIES / 2);
  if (pair < 0) continue;
  halves.bareMs.push(isBareFirst ? early : late);
  halves.dispatchedMs.push(isBareFirst ? late : early);
  halves.missMs.push(missMs);
}
caches.close();
process.stdout.write(`${JSON.stringify(halves)}\n`);
