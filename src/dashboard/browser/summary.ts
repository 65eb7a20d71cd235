import type { PressureState } from '../../core/state.js';
import { formatBytes, formatRatio } from '../../core/units.js';
import type { FeedStore } from '../../feed/store.js';
import { byId, clockTime, fillFacts, setText } from './elements.js';

/** The level in one word, why, and the handful of numbers that people look for first. */
export function showSummary({ state, hello }: FeedStore): void {
  if (hello !== null) setText(byId('process', HTMLElement), `${hello.title} · pid ${hello.pid} · Node ${hello.node}`);
  if (state === null) return;
  byId('level', HTMLElement).dataset.level = state.level;
  setText(byId('level-name', HTMLElement), state.level);
  setText(byId('level-why', HTMLElement), why(state));
  fillFacts(byId('facts', HTMLElement), [
    ['Process', formatBytes(state.process.rssBytes)],
    ['Caches', formatBytes(state.caches.totalBytes)],
    ['Heap', formatBytes(state.process.heapUsedBytes)],
    ['Growth', `${formatBytes(state.growthBytesPerSecond)}/s`],
    ['Limit in', state.secondsToLimit === null ? 'no growth' : duration(state.secondsToLimit)],
    ['Stalled', state.stall === null ? 'unknown' : formatRatio(state.stall.some)],
  ]);
  document.title = `${state.level} · spillway`;
}

function why(state: PressureState): string {
  const parts = [`since ${clockTime(state.since)}`];
  const cause = state.cause === null ? null : state.resources[state.cause];
  if (state.cause !== null && cause !== null && cause !== undefined) {
    parts.unshift(`${state.cause} at ${formatRatio(cause.ratio)}`);
  }
  if (state.health !== 'ok') parts.push(state.health);
  if (state.simulated) parts.push('simulated');
  return parts.join(' · ');
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
