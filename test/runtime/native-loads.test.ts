import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { endNativeLoads, forbidNativeLoads, loadNative, permitNativeLoads } from '#src/page/native-load.js';
import { createPage } from '#src/page/page.js';

const CHILD = fileURLToPath(new URL('./children/ends-while-loading.mjs', import.meta.url));

/** Node aborts in about the last third of the load. */
const DELAYS_US = Array.from({ length: 12 }, (_, index) => index * 500);

describe('native code that a sampler loads', () => {
  it.each(['exit', 'terminate'])(
    'is there before the thread ends by %s, so that nothing aborts',
    (end) => {
      const codes = DELAYS_US.map((delayUs) => {
        const { status, signal } = spawnSync(process.execPath, [CHILD, String(delayUs), end], { stdio: 'ignore' });
        return status ?? signal;
      });
      expect(codes).toEqual(DELAYS_US.map(() => 3));
    },
    60_000,
  );

  it('is not loaded once that was forbidden, until it is permitted again', () => {
    const words = createPage();
    expect(loadNative(words, () => 'loaded')).toBe('loaded');
    endNativeLoads(words, 1000);
    expect(loadNative(words, () => 'loaded')).toBeNull();
    permitNativeLoads(words);
    expect(loadNative(words, () => 'loaded')).toBe('loaded');
    forbidNativeLoads(words);
    expect(loadNative(words, () => 'loaded')).toBeNull();
  });

  it('may be loaded again after a load that failed', () => {
    const words = createPage();
    const broken = () => {
      throw new Error('broken');
    };
    expect(() => loadNative(words, broken)).toThrow('broken');
    expect(loadNative(words, () => 'loaded')).toBe('loaded');
  });
});
