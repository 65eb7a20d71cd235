import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const CHILD = fileURLToPath(new URL('./children/many-samples.mjs', import.meta.url));

/** A thousandth of what 100 000 samples would hold if each left one object behind. */
const STRAY_HEAP_BYTES = 1e6;

it('100 000 samples leave no listener, descriptor, handle, thread or object behind, and no warning', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', CHILD]);
  const { before, after, warnings } = JSON.parse(stdout);
  expect(warnings).toEqual([]);
  expect({ ...after, heapBytes: 0 }).toEqual({ ...before, heapBytes: 0 });
  expect(after.heapBytes - before.heapBytes).toBeLessThan(STRAY_HEAP_BYTES);
}, 300_000);
