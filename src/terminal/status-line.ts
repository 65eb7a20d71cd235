import type { PressureState } from '../core/state.js';
import { formatRatio } from '../core/units.js';
import { type Colours, LEVEL_ICONS } from './colours.js';

/** One line: icon, level, what set it, system share, process size. */
export function statusLine(state: PressureState, colours: Colours): string {
  const paint = colours.level[state.level];
  const { system } = state.resources;
  const cause = state.cause === null ? null : state.resources[state.cause];
  return [
    paint(`${LEVEL_ICONS[state.level]} ${state.level}`),
    ...(state.cause === null || cause === null || cause === undefined || state.cause === 'system'
      ? []
      : [`${state.cause} ${formatRatio(cause.ratio)}`]),
    system === null || system === undefined ? 'system unknown' : `system ${formatRatio(system.ratio)}`,
    `process ${(state.process.rssBytes / 1e6).toFixed(1)} MB`,
    ...(state.health === 'ok' ? [] : [state.health]),
    ...(state.simulated ? ['simulated'] : []),
  ].join('  ');
}
