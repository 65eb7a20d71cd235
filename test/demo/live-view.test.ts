import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, hasBrowser, launchBrowser } from '../support/browser.js';

const DEMO = fileURLToPath(new URL('../../dist/src/demo/main.js', import.meta.url));

describe.skipIf(!hasBrowser())(`the live page of the running demo (needs ${CHROMIUM})`, () => {
  it('moves, marks an eviction, and opens its report, while the pipeline blocks its thread for seconds', async () => {
    const demo = spawn(process.execPath, [DEMO, '--limit', '256MiB', '--jobs', '2000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // a share of everything with each level; the default policy often holds the caches without a round
      env: { ...process.env, SPILLWAY_EVICTION_POLICY: 'conservative' },
    });
    const browser = await launchBrowser();
    try {
      const url = await new Promise<string>((resolve) => {
        let text = '';
        demo.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const found = /live page at (\S+)\n/.exec(text)?.[1];
          if (found !== undefined) resolve(found);
        });
      });
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on('console', (message) => faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('requestfailed', (request) => faults.push(request.url()));
      await page.goto(url);
      const chart = page.locator('.charts canvas').first();
      await chart.waitFor();
      const before = await chart.screenshot();
      while ((await chart.screenshot()).equals(before)); // until it moves, or the test's time is over
      await page.locator('.mark').first().waitFor();
      await page.locator('.mark').first().click();
      await page
        .getByRole('dialog')
        .getByText(/^Eviction \d+/)
        .waitFor();
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      demo.kill('SIGTERM');
      await once(demo, 'exit');
    }
  }, 90_000);
});
