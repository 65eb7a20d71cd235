import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sharedPressureRuntime } from '#src/index.js';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('./children/two-copies.mjs', import.meta.url));

describe('the shared runtime', () => {
  it('is one for all who ask at the same time, and a new one after its stop', async () => {
    const [one, other] = await Promise.all([sharedPressureRuntime(), sharedPressureRuntime()]);
    expect(other).toBe(one);
    const stopped = one.stop();
    const next = await sharedPressureRuntime(); // asked for while the first one is being stopped
    expect(next).not.toBe(one);
    expect(next.state.health).toBe('ok');
    await Promise.all([stopped, next.stop()]);
  });

  it('does not pass the mistake of one caller on to another', async () => {
    const wrong = sharedPressureRuntime({ updateIntervalMs: -1 });
    const right = sharedPressureRuntime();
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_SPILLWAY_OPTION' });
    const pressure = await right;
    expect(pressure.state.health).toBe('ok');
    await pressure.stop();
  });

  it('is one across two copies of the package, with one warning for options that came too late', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'spillway-copy-'));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    cpSync('dist', join(copy, 'dist'), { recursive: true });
    cpSync('package.json', join(copy, 'package.json'));
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
    const entries = [resolve('.'), copy].map((folder) => pathToFileURL(join(folder, 'dist/src/index.js')).href);
    const { stdout } = await run(process.execPath, [CHILD, ...entries]);
    expect(JSON.parse(stdout)).toEqual({
      differentCode: true,
      same: true,
      warnings: ['SPILLWAY_SHARED_OPTIONS'],
      duplicate: 'ERR_SPILLWAY_CACHE_DUPLICATE',
      isNew: true,
    });
  }, 60_000);
});
