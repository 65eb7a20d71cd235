import './page.css';
import { parseFrame } from '../../feed/frames.js';
import { FeedStore } from '../../feed/store.js';
import { byId, setText } from './elements.js';
import { showAlerts, showEvictions, showWorth } from './lists.js';
import { ReportDialog } from './report.js';
import { showSummary } from './summary.js';
import { Timeline } from './timeline.js';

const store = new FeedStore();
const report = new ReportDialog(() => store.evictions);
const timeline = new Timeline(store, (id) => report.open(id));
/** What changed since the last drawing; one drawing per animation frame at most. */
const changed = new Set<string>();

function draw(): void {
  const has = (...types: readonly string[]) => types.some((type) => changed.has(type));
  if (has('hello', 'sample')) showSummary(store);
  if (has('history', 'sample', 'eviction')) timeline.show();
  if (has('hello', 'alert', 'alerts')) showAlerts(store);
  if (has('hello', 'eviction')) {
    showEvictions(store.evictions, (id) => report.open(id));
    report.refresh();
  }
  if (has('statistics')) showWorth(store.statistics?.caches ?? []);
  changed.clear();
}

function showConnection(live: boolean, text: string): void {
  const line = byId('connection', HTMLElement);
  line.dataset.live = String(live);
  setText(line, text);
}

// A region that scrolls must be reachable by keyboard; whether it scrolls depends on the width.
for (const region of document.querySelectorAll('.scroll')) region.setAttribute('tabindex', '0');

const stream = new EventSource('?stream');
stream.addEventListener('open', () => showConnection(true, 'live'));
stream.addEventListener('error', () => showConnection(false, 'the process does not answer; trying again'));
stream.addEventListener('message', ({ data }) => {
  const frame = parseFrame(String(data));
  if (frame === null) return;
  if (!store.apply(frame)) {
    stream.close();
    showConnection(false, 'the process runs another version of spillway');
    return;
  }
  if (changed.size === 0) requestAnimationFrame(draw);
  changed.add(frame.type);
});
