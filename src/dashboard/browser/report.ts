import type { EvictionReport } from '../../core/eviction.js';
import { formatBytes } from '../../core/units.js';
import { byId, clockTime, element, fillFacts, setText } from './elements.js';

const VERDICTS: Readonly<Record<EvictionReport['verdict'], string>> = {
  met: 'everything asked for was dropped',
  partial: 'some of what was asked for was dropped',
  futile: 'dropped, but the measured use hardly fell',
  'nothing-to-evict': 'no cache could give anything',
};

/** The dialog with one eviction's report, and the way to the ones before and after it. */
export class ReportDialog {
  readonly #dialog = byId('report', HTMLDialogElement);
  readonly #title = byId('report-title', HTMLElement);
  readonly #body = byId('report-body', HTMLElement);
  readonly #earlier = byId('earlier', HTMLButtonElement);
  readonly #later = byId('later', HTMLButtonElement);
  readonly #reports: () => readonly EvictionReport[];
  #id = 0;

  constructor(reports: () => readonly EvictionReport[]) {
    this.#reports = reports;
    this.#earlier.addEventListener('click', () => this.#step(-1));
    this.#later.addEventListener('click', () => this.#step(1));
  }

  open(id: number): void {
    this.#id = id;
    this.refresh();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** Shows what is known by now: the outcome comes after the round. */
  refresh(): void {
    const reports = this.#reports();
    const index = reports.findIndex(({ id }) => id === this.#id);
    const report = reports[index];
    if (report === undefined) return;
    setText(this.#title, `Eviction ${report.id}, ${clockTime(report.at)}`);
    this.#earlier.disabled = index === 0;
    this.#later.disabled = index === reports.length - 1;
    this.#body.replaceChildren(...describe(report));
  }

  #step(by: number): void {
    const reports = this.#reports();
    const next = reports[reports.findIndex(({ id }) => id === this.#id) + by];
    if (next !== undefined) this.open(next.id);
  }
}

function describe(report: EvictionReport): HTMLElement[] {
  const facts = element('dl', { class: 'facts' });
  fillFacts(facts, [
    ['Asked for', formatBytes(report.requestedBytes)],
    ['Dropped', formatBytes(report.evictedBytes)],
    ['Given back', report.returnedBytes === null ? 'not known yet' : formatBytes(report.returnedBytes)],
    ['Took', `${report.durationMs.toFixed(1)} ms`],
    ['Level', report.level],
    ['Cause', report.cause ?? 'asked for by hand'],
    ['Policy', report.policy],
    ['Collections', `${report.collections} in ${report.collectionMs.toFixed(1)} ms`],
  ]);
  const verdict = element('p', {}, element('strong', {}, report.verdict), `: ${VERDICTS[report.verdict]}.`);
  if (report.caches.length === 0) return [verdict, facts];
  const head = element('tr', {}, ...['Cache', 'Asked', 'Dropped', 'Entries', 'Thread'].map(headCell));
  const rows = report.caches.map((cache) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, cache.name, ...(cache.error === undefined ? [] : [reason(cache.error)])),
      element('td', { class: 'n' }, formatBytes(cache.requestedBytes)),
      element('td', { class: 'n' }, formatBytes(cache.evictedBytes)),
      element('td', { class: 'n' }, String(cache.entries)),
      element('td', { class: 'n' }, cache.thread === 0 ? 'main' : String(cache.thread)),
    ),
  );
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
  const scroll = element('section', { class: 'scroll', 'aria-label': 'What each cache gave', tabindex: '0' }, table);
  return [verdict, facts, scroll];
}

function headCell(title: string, index: number): HTMLElement {
  return element('th', { scope: 'col', class: index === 0 ? '' : 'n' }, title);
}

function reason(text: string): HTMLElement {
  return element('span', { class: 'reason' }, text);
}
