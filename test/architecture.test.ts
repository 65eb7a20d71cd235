import { describe, expect, it } from 'vitest';
import { longFiles, readSources, type Sources, violations } from './support/architecture.js';

const house = readSources('src', 'workers');

describe('the architecture', () => {
  it('holds in every file of src and workers', () => {
    expect(house.size).toBeGreaterThan(50);
    expect(violations(house)).toEqual([]);
  });

  it('keeps files to about a screen or two', () => {
    const long = longFiles(house);
    if (long.length > 0) console.info(`long files:\n  ${long.join('\n  ')}`);
    expect(long.length).toBeLessThan(8);
  });
});

describe('the check of the architecture', () => {
  it.each([
    ['a higher rank', { 'src/core/level.ts': `import { x } from '../page/page.js';` }, 'not below it'],
    ['a neighbour of equal rank', { 'src/sampler/a.ts': `import '../caches/b.js';` }, 'not below it'],
    ['a type of a higher rank', { 'src/page/a.ts': `import type { X } from '../runtime/x.js';` }, 'not below it'],
    ['an export from a higher rank', { 'src/page/a.ts': `export * from '../caches/x.js';` }, 'not below it'],
    ['a dynamic import of a higher rank', { 'src/page/a.ts': `await import('../caches/x.js');` }, 'not below it'],
    [
      'an import over several lines',
      { 'src/page/a.ts': `import {\n  a,\n  b,\n} from '../caches/x.js';` },
      'not below it',
    ],
    ['the package entry from inside', { 'src/runtime/a.ts': `import '../index.js';` }, 'not below it'],
    ['a folder without a rank', { 'src/misc/a.ts': '' }, 'has no rank'],
    ['a package in core', { 'src/core/a.ts': `import fs from 'node:fs';` }, 'core imports nothing'],
    ['a clock in core', { 'src/core/a.ts': 'const now = Date.now();' }, 'uses a clock'],
    ['Atomics outside the page', { 'src/caches/a.ts': 'Atomics.load(words, 0);' }, 'uses Atomics'],
    ['threads in caches', { 'src/caches/a.ts': `import { Worker } from 'node:worker_threads';` }, 'worker_threads'],
    ['procfs in the runtime', { 'src/runtime/a.ts': `read('/proc/self/statm');` }, 'a path of the kernel'],
    ['sysfs in the demo', { 'src/demo/a.ts': 'read(`/sys/fs/cgroup`);' }, 'a path of the kernel'],
    [
      'a cycle of types',
      { 'src/core/a.ts': `import type { B } from './b.js';`, 'src/core/b.ts': `export type { A } from './a.js';` },
      'import cycle',
    ],
    ['a file that goes on and on', { 'src/core/a.ts': '\n'.repeat(401) }, 'more than 400'],
  ])('refuses %s', (_, files, reason) => {
    const found = violations(new Map(Object.entries(files)) as Sources);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });

  it.each([
    ['a lower rank', { 'src/runtime/a.ts': `import { x } from '../core/level.js';` }],
    ['its own folder', { 'src/caches/adapters/map.ts': `import { x } from '../operations.js';` }],
    [
      'words in comments',
      { 'src/caches/a.ts': '// Atomics, /proc and import x from "../runtime/x.js"\n/* Date.now() */' },
    ],
    ['cgroups of its own in the memory limit', { 'src/demo/memory-limit/a.ts': `write('/sys/fs/cgroup/x');` }],
  ])('accepts %s', (_, files) => {
    expect(violations(new Map(Object.entries(files)) as Sources)).toEqual([]);
  });
});
