import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import { HeapReader } from '#src/sources/v8-heap.js';
import { gaveUpEarly } from '../support/v8.js';
import { temporaryDirectory } from './tree.js';

const MIB = 2 ** 20;
const CHILD = fileURLToPath(new URL('children/heap.mjs', import.meta.url));

/** Lives a life in a process with these flags. */
function live(life: string, ...flags: string[]) {
  const file = join(temporaryDirectory(), 'heap');
  const child = spawnSync(process.execPath, [...flags, CHILD, file, life], { encoding: 'utf8' });
  const [highest = Number.NaN, last = Number.NaN, limitBytes = Number.NaN] = readFileSync(file, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return { child, highest, last, limitBytes };
}

function died({ signal, status }: SpawnSyncReturns<string>): boolean {
  return signal === 'SIGABRT' || status === 134;
}

describe('the limit of the old generation', () => {
  it.each([
    { flags: ['--max-old-space-size=100'], limitMib: 100 },
    { flags: ['--max_old_space_size=100', '--max-semi-space-size=4'], limitMib: 100 },
    { flags: ['--max-semi-space-size=2', '--max-heap-size=200'], limitMib: 194 },
  ])('is $limitMib MiB with $flags', ({ flags, limitMib }) => {
    const { child, limitBytes } = live('read', ...flags);
    expect(child.stderr).toBe('');
    expect(limitBytes).toBe(limitMib * MIB);
  });

  it('is that of NODE_OPTIONS, unless the command line says otherwise', () => {
    const file = join(temporaryDirectory(), 'heap');
    const env = { ...process.env, NODE_OPTIONS: '--no-warnings --max-old-space-size=90' };
    spawnSync(process.execPath, [CHILD, file, 'read'], { env });
    expect(readFileSync(file, 'utf8')).toMatch(` ${90 * MIB} `);
    spawnSync(process.execPath, ['--max-old-space-size=110', CHILD, file, 'read'], { env });
    expect(readFileSync(file, 'utf8')).toMatch(` ${110 * MIB} `);
  });

  it.each([
    { limits: { maxOldGenerationSizeMb: 64 }, limitMib: 64 },
    { limits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 32 }, limitMib: 64 },
    { limits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 }, limitMib: 16 },
  ])('is that of the worker it is read in: $limits', async ({ limits, limitMib }) => {
    const worker = new Worker(
      `import { parentPort, resourceLimits } from 'node:worker_threads';
       const { HeapReader } = await import(process.env.MODULE);
       const heap = {};
       new HeapReader(() => performance.now(), resourceLimits.maxYoungGenerationSizeMb).readInto(heap);
       parentPort.postMessage(heap.oldLimitBytes / 2 ** 20);`,
      { eval: true, resourceLimits: limits, env: { MODULE: import.meta.resolve('#src/sources/v8-heap.js') } },
    );
    const readMib = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(readMib).toBe(limitMib);
    await worker.terminate();
  });
});

describe('the use of the old generation', () => {
  it.each([64, 64, 64, 256])('nears 1 before plain objects fill %i MiB and V8 aborts', (sizeMib) => {
    const { child, highest } = live('grow', `--max-old-space-size=${sizeMib}`);
    expect(died(child)).toBe(true);
    const { critical, emergency } = DEFAULT_THRESHOLDS;
    expect(highest).toBeGreaterThanOrEqual(gaveUpEarly(child.stderr) ? critical : emergency);
  });

  it('is low in an idle process whose small heap is nearly full of what V8 took for it', () => {
    const { child, highest } = live('idle', '--max-old-space-size=64');
    expect(child.status).toBe(0);
    expect(highest).toBeGreaterThan(0.01);
    expect(highest).toBeLessThan(0.3);
  });

  it('does not count garbage that dies young', () => {
    // else V8 may judge by a collection that came at a bad time, and put the garbage into the old generation
    const { child, highest } = live('churn', '--max-old-space-size=64', '--no-allocation-site-pretenuring');
    expect(child.status).toBe(0);
    expect(highest).toBeLessThan(DEFAULT_THRESHOLDS.warning);
  });

  it('does not count what is still young, however large', () => {
    const reader = new HeapReader(() => performance.now());
    const heap = { oldUsedBytes: 0, oldLimitBytes: 0, heapUsedBytes: 0, externalBytes: 0 };
    reader.readInto(heap);
    const heldBytes = heap.oldUsedBytes - reader.promotableBytes;
    const large = new Array(100_000).fill(0);
    reader.readInto(heap);
    expect(heap.oldUsedBytes - reader.promotableBytes - heldBytes).toBeLessThan(large.length * 4);
  });

  it('comes with the whole heap and with what is outside', () => {
    const heap = { oldUsedBytes: 0, oldLimitBytes: 0, heapUsedBytes: 0, externalBytes: 0 };
    new HeapReader(() => performance.now()).readInto(heap);
    const { used_heap_size, external_memory } = getHeapStatistics();
    expect(Math.abs(heap.heapUsedBytes - used_heap_size)).toBeLessThan(MIB);
    expect(Math.abs(heap.externalBytes - external_memory)).toBeLessThan(MIB);
  });
});
