import { createRequire } from 'node:module';
import type { Result } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DashboardServer, startDashboard } from '#src/dashboard/index.js';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { inject } from '#src/testing.js';
import { CHROMIUM, hasBrowser, launchBrowser } from '../support/browser.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const LIMIT_BYTES = 512 * 2 ** 20;

describe.skipIf(!hasBrowser())(`the live page in a real browser (needs ${CHROMIUM})`, () => {
  let browser: Browser;
  let pressure: PressureRuntime;
  let server: DashboardServer;
  let faults: string[];
  const cache = new Map<number, Buffer>();

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    faults = [];
    cache.clear();
    pressure = await startPressureRuntime({ autoEviction: false, alerts: true });
    pressure.register(cache, { name: 'frame <b>bold</b>', rebuildCost: 3 });
    server = await startDashboard(pressure, { title: 'test process' });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await server.close();
    await pressure.stop();
  });

  /** Opens the page as people would; whatever the browser complains of, and every request that goes astray, is a fault. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) faults.push(request.url());
    });
    await page.goto(server.url);
    await page.getByText('live', { exact: true }).waitFor();
    return page;
  }

  const containerAt = (ratio: number) =>
    inject(pressure, { resource: 'container', usedBytes: ratio * LIMIT_BYTES, limitBytes: LIMIT_BYTES });

  /** Pressure that rises, an eviction, and a cache that was read. */
  async function makeHistory(): Promise<void> {
    for (let key = 0; key < 100; key++) cache.set(key, Buffer.alloc(100_000));
    for (let read = 0; read < 200; read++) cache.get(read);
    for (const ratio of [0.4, 0.6, 0.75, 0.85]) await containerAt(ratio);
    await pressure.evict(4_000_000);
  }

  async function violations(page: Page): Promise<string[]> {
    await page.addScriptTag({ path: AXE });
    const found: Result[] = await page.evaluate('axe.run().then((results) => results.violations)');
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }

  it('moves with what is measured, and complains of nothing', async () => {
    const page = await open();
    await containerAt(0.4);
    await page.getByText('40.0 % · 205 MiB of 512 MiB').waitFor();
    const chart = page.locator('[data-resource=container] canvas');
    const before = await chart.screenshot();
    await containerAt(0.85);
    await page.getByText('85.0 % · 435 MiB of 512 MiB').waitFor();
    await page.locator('#level[data-level=critical]').waitFor();
    expect((await chart.screenshot()).equals(before)).toBe(false);
    expect(await page.title()).toBe('critical · spillway');
    expect(faults).toEqual([]);
  });

  it('marks an eviction, and the mark opens its report', async () => {
    const page = await open();
    await makeHistory();
    const mark = page.locator('.mark');
    await mark.waitFor();
    await mark.click();
    const report = page.getByRole('dialog');
    await report.getByText('Eviction 1').waitFor();
    expect(await report.getByRole('row').nth(1).textContent()).toContain('frame <b>bold</b>');
    expect(faults).toEqual([]);
  });

  it('shows alerts, and what a cache is worth', async () => {
    const page = await open();
    await makeHistory();
    await page.getByText('container memory is at 85.0 %, critical begins at 80.0 %').waitFor();
    await containerAt(0.86);
    await page.getByText('50.0 % of 200 reads hit').waitFor();
    expect(faults).toEqual([]);
  });

  it('shows the past to whom comes late', async () => {
    await makeHistory();
    const page = await open();
    await page.locator('.mark').waitFor();
    await page.getByRole('button', { name: 'Report of eviction 1' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('says so when the process is gone', async () => {
    const page = await open();
    await server.close();
    await page.getByText('the process does not answer; trying again').waitFor();
    server = await startDashboard(pressure);
  });

  it('is reached in all its parts by keyboard', async () => {
    const page = await open();
    await makeHistory();
    await page.locator('.mark').waitFor();
    const reached: string[] = [];
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate('document.activeElement.name || document.activeElement.className'));
    }
    expect(reached).toEqual(expect.arrayContaining(['range', 'mark', 'link', 'scroll']));
    await page.locator('.mark').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.className')).toBe('mark');
    await page.getByLabel('5 min').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByLabel('1 h').isChecked()).toBe(true);
  });

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'is accessible in %s at %i px, also with a report open, and never wider than the window',
    async (colorScheme, width) => {
      const page = await open({ colorScheme, viewport: { width, height: 844 }, bypassCSP: true });
      await makeHistory();
      await page.locator('.mark').waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.locator('.mark').click();
      await page.getByRole('dialog').waitFor();
      expect(await violations(page)).toEqual([]);
    },
  );
});
