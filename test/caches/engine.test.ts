import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findCollect } from '#src/caches/engine.js';

const TURNOVER = fileURLToPath(new URL('../support/turnover-contexts.mjs', import.meta.url));

describe("V8's collection, found without --expose-gc", () => {
  it('can be asked for again and again', async () => {
    const collect = findCollect();
    expect(collect).not.toBeNull();
    for (let time = 0; time < 3; time++) {
      const held = new WeakRef(Buffer.alloc(1));
      await turn();
      collect?.();
      expect(held.deref()).toBeUndefined();
    }
  });

  it('leaves no context behind that V8 would mark with each of its own', () => {
    const child = spawnSync(process.execPath, [TURNOVER], { encoding: 'utf8' });
    expect(child).toMatchObject({ status: 0, stderr: '', stdout: '1\n' });
  });
});
