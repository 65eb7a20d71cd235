import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { emptyReading, ratioOf } from '#src/core/reading.js';
import { LinuxProcessMemory, NodeProcessMemory } from '#src/sources/process-memory.js';
import { ok, readTree, unlimited, writtenTree } from './tree.js';

const KIB = 1024;
const MIB = 2 ** 20;

/** statm counts pages: 100 MiB of address space, 40 MiB resident, in pages of 4 KiB. */
const FILES = {
  'proc/meminfo': 'MemTotal: 9999999 kB\nMemAvailable: 9999 kB\n',
  'proc/self/statm': '25600 10240 900 1 0 6000 0\n',
  'proc/self/status': 'Name:\tnode\nVmRSS:\t   40960 kB\nVmData:\t   20480 kB\nVmSwap:\t    3072 kB\n',
};

function limits(addressSpace: string, data: string): string {
  const column = (text: string) => text.padEnd(21);
  return `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max data size             ${column(data)}${column('unlimited')}bytes
Max stack size            8388608              unlimited            bytes
Max address space         ${column(addressSpace)}${column('unlimited')}bytes
`;
}

async function read(addressSpace: string, data: string, limitBytes: number | null = null) {
  return await readTree(writtenTree({ ...FILES, 'proc/self/limits': limits(addressSpace, data) }), limitBytes);
}

describe('the memory of the process', () => {
  it('is the resident set, without a limit while nobody set one', async () => {
    expect((await read('unlimited', 'unlimited')).process).toEqual(unlimited(40 * MIB));
  });

  it('has the limit that the user gave', async () => {
    expect((await read('unlimited', 'unlimited', 50 * MIB)).process).toEqual(ok(40 * MIB, 50 * MIB));
  });

  it('has the limit on its address space', async () => {
    expect((await read(String(200 * MIB), 'unlimited')).process).toEqual(ok(100 * MIB, 200 * MIB));
  });

  it('has the limit on its data', async () => {
    expect((await read('unlimited', String(25 * MIB))).process).toEqual(ok(20 * MIB, 25 * MIB));
  });

  it('reports the fullest of all its limits', async () => {
    const tight = 110 * MIB;
    expect((await read(String(tight), String(25 * MIB), 50 * MIB)).process).toEqual(ok(100 * MIB, tight));
    expect((await read(String(9 * tight), String(25 * MIB), 41 * MIB)).process).toEqual(ok(40 * MIB, 41 * MIB));
    expect((await read(String(9 * tight), String(21 * MIB), 50 * MIB)).process).toEqual(ok(20 * MIB, 21 * MIB));
  });

  it('has its swap and its limits as facts', async () => {
    expect((await read(String(200 * MIB), 'unlimited')).facts.process).toEqual({
      swapBytes: 3 * MIB,
      addressSpaceLimitBytes: 200 * MIB,
    });
  });

  it.each([4, 16, 64])('is right with pages of %i KiB', async (pageKib) => {
    const pages = (40 * MIB) / (pageKib * KIB);
    const tree = writtenTree({
      ...FILES,
      'proc/self/statm': `${pages * 2} ${pages} 1 1 0 1 0\n`,
      // The two files are never read at the same instant.
      'proc/self/status': 'VmRSS:\t   42000 kB\nVmSwap:\t0 kB\n',
    });
    expect((await readTree(tree)).process).toEqual(unlimited(40 * MIB));
  });
});

const noProc = process.platform === 'linux' ? false : 'needs /proc';

describe.skipIf(noProc)(`the memory of this process${noProc ? ` (skipped: ${noProc})` : ''}`, () => {
  it('is what Node says', () => {
    const memory = new LinuxProcessMemory('/proc/self', null);
    const [before, rssBytes, after] = [process.memoryUsage.rss(), memory.readRssBytes(), process.memoryUsage.rss()];
    memory.close();
    expect(rssBytes).toBeGreaterThan(before * 0.95);
    expect(rssBytes).toBeLessThan(after * 1.05);
  });

  it.each([
    ['/proc', () => new LinuxProcessMemory('/proc/self', null)],
    ['Node', () => new NodeProcessMemory(null)],
  ])('is remembered as it was read last, by either way of reading it from %s', (_, openMemory) => {
    const memory = openMemory();
    expect(memory.readRssBytes()).toBe(memory.seenRssBytes);
    const reading = emptyReading();
    memory.readInto(reading);
    expect(reading).toMatchObject({ status: 'unlimited', usedBytes: memory.seenRssBytes });
    memory.close();
  });

  it('is held against a limit on its data that a shell set', () => {
    const script = `
      const { LinuxProcessMemory } = await import(process.env.MODULE);
      const memory = new LinuxProcessMemory('/proc/self', null);
      const reading = {};
      memory.readInto(reading);
      const held = Buffer.alloc(64 << 20, 1);
      const then = {};
      memory.readInto(then);
      console.log(JSON.stringify([reading, then, held.length]));`;
    const out = execFileSync(
      'bash',
      ['-c', `ulimit -d 1048576; exec "$0" --input-type=module -e "$1"`, process.execPath, script],
      {
        env: { ...process.env, MODULE: import.meta.resolve('#src/sources/process-memory.js') },
        encoding: 'utf8',
      },
    );
    const [first, then] = JSON.parse(out);
    expect(first).toMatchObject({ status: 'ok', limitBytes: 1024 * MIB });
    expect(ratioOf(first)).toBeLessThan(1);
    expect(then.usedBytes - first.usedBytes).toBeGreaterThanOrEqual(64 * MIB);
  });
});
