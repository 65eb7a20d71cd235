import { RESOURCES } from '../core/resource.js';
import type { PressureState, ResourceState } from '../core/state.js';
import type { CacheStatistics } from '../core/statistics.js';
import { formatBytes, formatRatio } from '../core/units.js';
import type { FeedStore } from '../feed/store.js';
import { type Colours, LEVEL_ICONS } from './colours.js';
import { cut, harmless, pad, table } from './text.js';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

const BAR_WIDTHS = { least: 10, most: 60 };
const SPARKS = [...'▁▂▃▄▅▆▇█'];
const WORTH: Readonly<Record<CacheStatistics['worth']['verdict'], string>> = {
  'worth-it': 'yes',
  'too-small': 'yes, too small',
  'too-large': 'too large',
  useless: 'no',
  'too-early': 'too early',
};

/** The live view as lines that fit the terminal, most important first; what does not fit is left out from the end. Pure. */
export function liveFrame(store: FeedStore, size: FrameSize, colours: Colours): string[] {
  const { state, hello } = store;
  if (state === null || hello === null) return ['waiting for the first sample'];
  const blocks = [
    [headline(hello.title, hello.pid, state, size, colours)],
    resourceLines(store, state, size, colours),
    [factLine(state)],
    cacheLines(store, size),
    alertLines(store, colours),
    evictionLines(store, colours),
  ].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  const footer = colours.muted('q or Ctrl-C ends');
  return [...lines.slice(0, Math.max(1, size.rows - 2)), '', footer]
    .slice(-size.rows)
    .map((line) => cut(` ${line}`, size.columns));
}

function headline(title: string, pid: number, state: PressureState, size: FrameSize, colours: Colours): string {
  const level = colours.level[state.level](`${LEVEL_ICONS[state.level]} ${state.level}`);
  const details = [state.health === 'ok' ? '' : state.health, state.simulated ? 'simulated' : ''].filter(Boolean);
  const left = [colours.strong(level), `since ${clock(state.since)}`, ...details].join('  ');
  const right = colours.muted(`${harmless(title).slice(-40)} · pid ${pid} · ${clock(state.sampledAt)}`);
  return pad(left, size.columns - 2 - [...`${harmless(title).slice(-40)} · pid ${pid} · 00:00:00`].length) + right;
}

function resourceLines(store: FeedStore, state: PressureState, size: FrameSize, colours: Colours): string[] {
  const barWidth = Math.min(BAR_WIDTHS.most, Math.max(BAR_WIDTHS.least, size.columns - 52));
  const lines = RESOURCES.flatMap((name) => {
    const resource = state.resources[name];
    if (resource === null || resource === undefined) return [];
    const used = `${formatBytes(resource.usedBytes)} of ${formatBytes(resource.limitBytes)}`;
    return [[name, bar(store, name, resource, barWidth, colours), formatRatio(resource.ratio), used]];
  });
  return [...table(lines, [2]), ...sparkLine(store, state, size, colours)];
}

/** Filled up to the ratio; the places where levels begin are marked. */
function bar(store: FeedStore, name: string, resource: ResourceState, width: number, colours: Colours): string {
  const thresholds = store.hello?.thresholds[name];
  const bounds = thresholds === null || thresholds === undefined ? [] : Object.values(thresholds);
  const marks = new Set(bounds.map((ratio) => Math.min(width - 1, Math.floor(ratio * width))));
  const filled = Math.min(width, Math.round(resource.ratio * width));
  const cells = Array.from({ length: width }, (_, cell) => (cell < filled ? '█' : marks.has(cell) ? '│' : '·'));
  return colours.level[resource.level](cells.slice(0, filled).join('')) + colours.muted(cells.slice(filled).join(''));
}

/** The last points of the resource that is closest to its limit, one column each. */
function sparkLine(store: FeedStore, state: PressureState, size: FrameSize, colours: Colours): string[] {
  const [worst] = Object.entries(state.resources)
    .flatMap(([name, resource]) => (resource === null ? [] : [{ name, ratio: resource.ratio }]))
    .sort((a, b) => b.ratio - a.ratio);
  const name = state.cause ?? worst?.name;
  if (name === undefined) return [];
  const ratios = store.points.flatMap(({ resources }) => {
    const known = resources[name];
    return known === undefined ? [] : [known.usedBytes / known.limitBytes];
  });
  const shown = ratios.slice(-Math.max(10, size.columns - 24));
  const sparks = shown.map((ratio) => SPARKS[Math.min(SPARKS.length - 1, Math.floor(ratio * SPARKS.length))] ?? ' ');
  return [`${colours.muted(`${name} so far`)}  ${sparks.join('')}`];
}

function factLine(state: PressureState): string {
  const { process, caches, growthBytesPerSecond, secondsToLimit, stall } = state;
  return [
    `process ${formatBytes(process.rssBytes)}`,
    `caches ${formatBytes(caches.totalBytes)}`,
    `growth ${formatBytes(growthBytesPerSecond)}/s`,
    ...(secondsToLimit === null ? [] : [`limit in ${secondsToLimit.toFixed(secondsToLimit < 10 ? 1 : 0)} s`]),
    ...(stall === null ? [] : [`stalled ${formatRatio(stall.some)}`]),
  ].join('   ');
}

function cacheLines({ statistics }: FeedStore, size: FrameSize): string[] {
  const caches = statistics?.caches ?? [];
  if (caches.length === 0) return [];
  const head = ['cache', 'holds', 'hit rate 5 min', 'evicted', 'regrets', 'worth it?'];
  const rows = caches.map((cache) => [
    cut(harmless(cache.name), Math.max(12, size.columns - 66)),
    formatBytes(cache.bytes),
    cache.last5m.hitRate === null ? '–' : formatRatio(cache.last5m.hitRate),
    String(cache.evictions.own + cache.evictions.pressure),
    String(cache.regrets),
    WORTH[cache.worth.verdict],
  ]);
  return table([head, ...rows], [1, 2, 3, 4]);
}

function alertLines({ standings }: FeedStore, colours: Colours): string[] {
  return standings.map(({ status, severity, message }) =>
    status === 'firing'
      ? `${colours.level[severity](severity)}  ${harmless(message)}`
      : colours.muted(`pending   ${harmless(message)}`),
  );
}

function evictionLines({ evictions }: FeedStore, colours: Colours): string[] {
  return evictions
    .slice(-5)
    .toReversed()
    .map(({ at, level, evictedBytes, requestedBytes, returnedBytes, verdict, durationMs }) => {
      const returned = returnedBytes === null ? '' : `, ${formatBytes(returnedBytes)} given back`;
      const outcome = `${formatBytes(evictedBytes)} of ${formatBytes(requestedBytes)} evicted${returned}`;
      return `${colours.muted(clock(at))}  ${colours.level[level](level)}  ${outcome}, ${verdict}, ${durationMs.toFixed(1)} ms`;
    });
}

function clock(epochMs: number): string {
  return new Date(epochMs).toTimeString().slice(0, 8);
}
