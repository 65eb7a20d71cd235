import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isHeapGrowthGiven } from '#src/sources/v8-heap-growth.js';

const CHILD = fileURLToPath(new URL('./children/heap-growth.mjs', import.meta.url));

describe("V8's flag for the growth of heaps", () => {
  it('is known to have been given, however it is spelled', () => {
    expect(isHeapGrowthGiven(['--heap-growing-percent=50'])).toBe(true);
    expect(isHeapGrowthGiven(['--expose-gc', '--heap_growing_percent', '50'])).toBe(true);
    expect(isHeapGrowthGiven(['--max-old-space-size=64'])).toBe(false);
  });

  it('makes V8 collect less often, and is taken back', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=256', CHILD], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { before, grown, after }: { before: number; grown: number; after: number } = JSON.parse(stdout);
    expect(grown).toBeLessThan(before);
    expect(grown).toBeLessThan(after);
  });
});
