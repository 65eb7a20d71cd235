import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { LRUCache } from 'lru-cache';
import { Registry } from 'prom-client';
import { startDashboard } from '../src/dashboard/server.js';
import { startPressureRuntime } from '../src/index.js';
import { inspectedProcesses } from '../src/inspect/directory.js';
import { RemoteFeed } from '../src/inspect/remote-feed.js';
import { registerOpenTelemetry } from '../src/telemetry/opentelemetry.js';
import { registerPrometheus } from '../src/telemetry/prometheus.js';
import { reportClaim } from './claim.js';
import { formatTable } from './table.js';

/*
 * Question: what does a process pay on its main thread, at rest, for everything that can watch it at once: metrics scraped every
 * 15 s, alerts, effectiveness, the inspection socket with a reader, the live page with a reader? Bar: 0.5 % of one core. The rival is
 * the same process without a runtime; what both spend is the CPU time of the main thread.
 */

const SECONDS = process.argv.includes('--quick') ? 10 : 30;
const SCRAPE_MS = 15_000;

/** Share of one core that the main thread uses over some time. Linux only. */
async function mainThreadShare(durationSeconds: number): Promise<number> {
  // The thread whose id is the process's own is the main thread; the first field is its time on a processor, in ns.
  const seconds = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
  const before = seconds();
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, durationSeconds * 1e3));
  return (seconds() - before) / ((performance.now() - start) / 1e3);
}

const idle = await mainThreadShare(Math.min(10, SECONDS));

const pressure = await startPressureRuntime({ inspect: true });
for (let index = 0; index < 10; index++) {
  const cache = new LRUCache<number, Buffer>({ maxSize: 2 ** 20, sizeCalculation: (value) => value.length });
  pressure.register(cache, { name: `cache ${index}` });
  for (let key = 0; key < 100; key++) cache.set(key, Buffer.alloc(1000));
}
const alone = await mainThreadShare(SECONDS);

const registry = new Registry();
registerPrometheus(pressure, registry);
registerOpenTelemetry(pressure, new MeterProvider().getMeter('spillway'));
const scraping = setInterval(() => void registry.metrics(), SCRAPE_MS);
const server = await startDashboard(pressure);
const reader = get(`${server.url}?stream`, (response) => response.resume());
const own = inspectedProcesses().find(({ pid }) => pid === process.pid);
const feed = own === undefined ? null : await RemoteFeed.connect(own);
const watched = await mainThreadShare(SECONDS);

const percent = (share: number) => `${(share * 100).toFixed(3)} %`;
process.stdout.write(
  `${formatTable([
    [`main thread at rest, ${SECONDS} s each, 10 caches`, 'of one core'],
    ['no runtime', percent(idle)],
    ['runtime, alerts, effectiveness, inspect', percent(alone)],
    ['and metrics, a page and an inspector connected; the readers are in this process too', percent(watched)],
  ])}\n`,
);
reportClaim('main thread at rest with everything watching', '% of a core', { atMost: 0.5 }, [watched * 100]);

clearInterval(scraping);
feed?.close();
reader.destroy();
await server.close();
await pressure.stop();
