import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { METRICS } from '#src/core/metrics.js';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { expressionOf, grafanaDashboard } from '#src/telemetry/grafana.js';
import { registerPrometheus } from '#src/telemetry/prometheus.js';
import { prometheusRules } from '#src/telemetry/prometheus-rules.js';
import { inject } from '#src/testing.js';
import { hasProgram } from '../support/programs.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe.skipIf(!hasProgram('promtool'))('promtool (needs Debian package prometheus)', () => {
  it('finds no fault with the alert rules', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', write('rules.yml', prometheusRules())]);
    expect(stderr.toString()).toBe('');
    expect(stdout.toString()).toMatch(/SUCCESS: 8 rules found/);
    expect(status).toBe(0);
  });

  it('finds no fault with what is scraped', async () => {
    const pressure = await startPressureRuntime();
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    pressure.register(new Map([['a', 'b']]), { name: 'frame "x"\\\n' });
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await registry.metrics() });
    await pressure.stop();
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});

describe.skipIf(!hasProgram('prometheus'))('a real Prometheus (needs Debian package prometheus)', () => {
  let pressure: PressureRuntime;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    pressure = await startPressureRuntime({ autoEviction: false, updateIntervalMs: 60_000 });
    const registry = new Registry();
    registerPrometheus(pressure, registry);
    server = createServer(async (_, response) => response.end(await registry.metrics()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await pressure.stop();
  });

  it('scrapes every metric, understands every panel, and loads every rule', async () => {
    const cache = new Map([['a', Buffer.alloc(1000)]]);
    pressure.register(cache, { name: 'frame' });
    await inject(pressure, { resource: 'container', usedBytes: 850, limitBytes: 1000 });
    await pressure.evict(1);
    const own = await freePort();
    const config = write(
      'prometheus.yml',
      [
        'global: { scrape_interval: 200ms, evaluation_interval: 200ms }',
        `rule_files: ["${write('rules.yml', prometheusRules())}"]`,
        `scrape_configs: [{ job_name: demo, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]`,
      ].join('\n'),
    );
    const prometheus = spawn('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${own}`,
      '--log.level=error',
    ]);
    const ask = async (path: string): Promise<{ data: { result: unknown[]; groups: { rules: unknown[] }[] } }> => {
      const response = await fetch(`http://127.0.0.1:${own}/api/v1/${path}`);
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return (await response.json()) as { data: { result: unknown[]; groups: { rules: unknown[] }[] } };
    };
    const query = async (expression: string) =>
      (await ask(`query?query=${encodeURIComponent(expression)}`)).data.result;
    try {
      await until(async () => (await query('spillway_pressure_level == 2')).length === 1);
      for (const metric of METRICS) {
        const name = metric.kind === 'histogram' ? `${metric.prometheus}_bucket` : metric.prometheus;
        expect((await query(name)).length, name).toBeGreaterThan(0);
        const panel = expressionOf(metric).replaceAll('$job', '.*').replaceAll('$__rate_interval', '1m');
        await query(panel);
      }
      expect((await query('spillway_used_bytes{resource="container"} == 850')).length).toBe(1);
      expect((await ask('rules')).data.groups[0]?.rules).toHaveLength(8);
    } finally {
      prometheus.kill();
      await once(prometheus, 'exit');
    }
  });
});

describe('the dashboard of Grafana', () => {
  it('has a panel for every metric of the catalog, none on top of another', () => {
    const { panels } = grafanaDashboard() as {
      panels: { description: string; gridPos: { x: number; y: number }; targets: { expr: string }[] }[];
    };
    expect(panels.map(({ description }) => description)).toEqual(METRICS.map(({ prometheus }) => prometheus));
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(METRICS.length);
    for (const { description, targets } of panels) expect(targets[0]?.expr).toContain(description);
  });
});

/** Asks again until it is so; errors count as not yet. The test's own time limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (;;) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
