import type { EvictionReport } from '../../core/eviction.js';
import type { CacheStatistics } from '../../core/statistics.js';
import { formatBytes, formatRatio } from '../../core/units.js';
import type { FeedStore } from '../../feed/store.js';
import { byId, clockTime, element } from './elements.js';

const WORTH: Readonly<Record<CacheStatistics['worth']['verdict'], string>> = {
  'worth-it': 'Yes',
  'too-small': 'Yes, and too small',
  'too-large': 'Partly: too large',
  useless: 'No',
  'too-early': 'Too early to tell',
};

/** Alerts that stand, then those that are over, newest first. */
export function showAlerts(store: FeedStore): void {
  const standing = store.standings.map((alert) =>
    alertItem(alert.severity, alert.status === 'pending' ? 'pending' : alert.severity, alert.message, null),
  );
  const over = store.alerts
    .filter(({ status }) => status === 'resolved')
    .slice(-5)
    .reverse()
    .map((change) => alertItem('quiet', 'resolved', change.message, change.at));
  fill('alerts', [...standing, ...over]);
}

function alertItem(tone: string, word: string, message: string, at: number | null): HTMLElement {
  const tag = element('span', { class: `tag ${tone}` }, word);
  const item = element('li', {}, tag, element('span', { class: 'grow' }, message));
  if (at !== null) item.append(element('time', {}, clockTime(at)));
  return item;
}

/** Rounds, newest first; each opens its report. */
export function showEvictions(reports: readonly EvictionReport[], open: (id: number) => void): void {
  const focused = document.activeElement?.getAttribute('data-eviction');
  fill(
    'evictions',
    reports.toReversed().map((report) => {
      const button = element('button', { class: 'link', type: 'button', 'data-eviction': String(report.id) }, 'Report');
      button.setAttribute('aria-label', `Report of eviction ${report.id}`);
      button.addEventListener('click', () => open(report.id));
      const tag = element('span', { class: `tag ${report.level === 'normal' ? 'quiet' : report.level}` }, report.level);
      const outcome = `${formatBytes(report.evictedBytes)} of ${formatBytes(report.requestedBytes)}, ${report.verdict}`;
      return element(
        'li',
        {},
        tag,
        element('span', { class: 'grow' }, outcome),
        element('time', {}, clockTime(report.at)),
        button,
      );
    }),
  );
  if (focused !== null && focused !== undefined) {
    byId('evictions', HTMLElement).querySelector<HTMLElement>(`[data-eviction="${focused}"]`)?.focus();
  }
}

/** One row per cache: what it holds, how often it is hit, and whether that is worth its memory. */
export function showWorth(caches: readonly CacheStatistics[]): void {
  const rows = caches.map((cache) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, cache.name),
      cell('holds', formatBytes(cache.bytes)),
      cell('5 min', rate(cache.last5m.hitRate)),
      cell('60 min', rate(cache.last60m.hitRate)),
      cell('evicted, own / pressure', `${cache.evictions.own} / ${cache.evictions.pressure}`),
      cell('regrets', String(cache.regrets)),
      element('td', {}, WORTH[cache.worth.verdict], element('span', { class: 'reason' }, cache.worth.reason)),
    ),
  );
  byId('worth-rows', HTMLElement).replaceChildren(...rows);
}

function cell(label: string, text: string): HTMLElement {
  return element('td', { class: 'n', 'data-label': label }, text);
}

function rate(share: number | null): string {
  return share === null ? '–' : formatRatio(share);
}

function fill(id: string, items: readonly HTMLElement[]): void {
  byId(id, HTMLElement).replaceChildren(...items);
  byId(`${id}-empty`, HTMLElement).hidden = items.length > 0;
}
