import { RESOURCE_NAMES } from '../../core/resource.js';
import { formatBytes, formatRatio } from '../../core/units.js';
import type { HistoryPoint } from '../../feed/frames.js';
import type { FeedStore } from '../../feed/store.js';
import { type Chart, cacheColour, stack, stackedChart, usageChart } from './charts.js';
import { byId, clockTime, element, setText } from './elements.js';

/** While little is known the charts show that, and not a long emptiness; but no less than this. */
const SHORTEST_SPAN_SECONDS = 30;

/** Marks closer than this would cover each other; they become one. */
const MARK_WIDTH_PX = 24;

interface UsageView {
  readonly chart: Chart;
  readonly value: HTMLElement;
  readonly container: HTMLElement;
}

/** The charts over time, and the marks of evictions above them. */
export class Timeline {
  readonly #store: FeedStore;
  readonly #openReport: (id: number) => void;
  readonly #usage = new Map<string, UsageView>();
  #caches: Chart | null = null;
  #names: readonly string[] = [];
  #spanSeconds = 300;

  constructor(store: FeedStore, openReport: (id: number) => void) {
    this.#store = store;
    this.#openReport = openReport;
    byId('range', HTMLElement).addEventListener('change', (event) => {
      if (event.target instanceof HTMLInputElement) this.#spanSeconds = Number(event.target.value);
      this.show();
    });
  }

  show(): void {
    const { points } = this.#store;
    const last = points.at(-1);
    if (last === undefined) return;
    const to = last.at / 1e3;
    const known = to - (points[0]?.at ?? last.at) / 1e3;
    const from = to - Math.min(this.#spanSeconds, Math.max(known, SHORTEST_SPAN_SECONDS));
    const first = points.findIndex(({ at }) => at / 1e3 >= from);
    const shown = points.slice(Math.max(0, first - 1));
    const times = shown.map(({ at }) => at / 1e3);
    for (const resource of RESOURCE_NAMES) this.#showUsage(resource, shown, times, from, to);
    this.#showCaches(shown, times, from, to);
    this.#showMarks();
  }

  #showUsage(resource: string, points: readonly HistoryPoint[], times: number[], from: number, to: number): void {
    const latest = points.findLast((point) => point.resources[resource] !== undefined)?.resources[resource];
    const view = this.#usage.get(resource) ?? (latest === undefined ? null : this.#addUsage(resource));
    if (view === null || latest === undefined) return;
    const ratios = points.map(({ resources }) => {
      const known = resources[resource];
      return known === undefined ? null : known.usedBytes / known.limitBytes;
    });
    view.chart.show([times, ratios], from, to);
    const share = formatRatio(latest.usedBytes / latest.limitBytes);
    const text = `${share} · ${formatBytes(latest.usedBytes)} of ${formatBytes(latest.limitBytes)}`;
    setText(view.value, text);
    view.container.setAttribute('aria-label', `${resource} memory over time, now ${text}`);
  }

  #addUsage(resource: string): UsageView | null {
    const thresholds = this.#store.hello?.thresholds[resource];
    if (thresholds === null || thresholds === undefined) return null;
    const value = element('span', { class: 'muted' });
    const head = element('div', { class: 'chart-head' }, element('strong', {}, resource), value);
    const container = element('div', { class: 'chart', role: 'img', 'data-resource': resource });
    byId('usage', HTMLElement).append(element('div', {}, head, container));
    const view = { chart: usageChart(container, thresholds, () => this.#moments()), value, container };
    this.#usage.set(resource, view);
    return view;
  }

  #showCaches(points: readonly HistoryPoint[], times: number[], from: number, to: number): void {
    const names = [...new Set([...this.#names, ...points.flatMap(({ caches }) => Object.keys(caches))])];
    const container = byId('caches', HTMLElement);
    byId('caches-empty', HTMLElement).hidden = names.length > 0;
    container.hidden = names.length === 0;
    if (names.length !== this.#names.length || this.#caches === null) {
      this.#caches?.destroy();
      this.#names = names;
      this.#caches = stackedChart(container, names, () => this.#moments());
      container.setAttribute('role', 'img');
    }
    const rows = names.map((name) => points.map(({ caches }) => caches[name] ?? 0));
    this.#caches.show([times, ...stack(rows)], from, to);
    this.#showLegend(points.at(-1)?.caches ?? {});
  }

  #showLegend(now: HistoryPoint['caches']): void {
    const items = this.#names.map((name, index) => {
      const swatch = element('span', { class: 'swatch' });
      swatch.style.setProperty('--swatch', cacheColour(index));
      return element('li', {}, swatch, `${name} `, element('span', { class: 'muted' }, formatBytes(now[name] ?? 0)));
    });
    byId('legend', HTMLElement).replaceChildren(...items);
    const spoken = this.#names.map((name) => `${name} ${formatBytes(now[name] ?? 0)}`).join(', ');
    byId('caches', HTMLElement).setAttribute('aria-label', `Bytes held by caches over time, now ${spoken || 'none'}`);
  }

  /** One button per eviction in view; those that would overlap share one, which opens the latest. */
  #showMarks(): void {
    const track = byId('marks', HTMLElement);
    const chart = this.#caches;
    if (chart === null) return;
    const groups: { left: number; ids: number[]; at: number }[] = [];
    for (const { id, at } of this.#store.evictions) {
      const left = chart.leftOf(at);
      if (!(left > 40 && left <= chart.width)) continue;
      const group = groups.at(-1);
      if (group !== undefined && left - group.left < MARK_WIDTH_PX) group.ids.push(id);
      else groups.push({ left, ids: [id], at });
    }
    const present = [...track.querySelectorAll('button')];
    for (const [index, { left, ids, at }] of groups.entries()) {
      const mark = present[index] ?? this.#addMark(track);
      mark.style.left = `${Math.min(left, chart.width - MARK_WIDTH_PX / 2)}px`;
      mark.dataset.id = String(ids.at(-1));
      const text = ids.length === 1 ? `Eviction ${ids[0]}` : `${ids.length} evictions up to ${ids.at(-1)}`;
      mark.setAttribute('aria-label', `${text}, ${clockTime(at)}: open report`);
      mark.title = `${text}, ${clockTime(at)}`;
    }
    for (const extra of present.slice(groups.length)) extra.parentElement?.remove();
  }

  #addMark(track: HTMLElement): HTMLButtonElement {
    const mark = element('button', { class: 'mark', type: 'button' }, '◆');
    mark.addEventListener('click', () => this.#openReport(Number(mark.dataset.id)));
    track.append(element('li', {}, mark));
    return mark;
  }

  #moments(): number[] {
    return this.#store.evictions.map(({ at }) => at);
  }
}
