import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StallSource } from '#src/sources/stall.js';
import { readTree, temporaryDirectory, writtenTree } from './tree.js';

function pressure(someUs: number, fullUs: number, someAverage = 0, fullAverage = 0): string {
  return `some avg10=${someAverage.toFixed(2)} avg60=0.00 avg300=0.00 total=${someUs}
full avg10=${fullAverage.toFixed(2)} avg60=0.00 avg300=0.00 total=${fullUs}
`;
}

/** A pressure file, and how to read it at a given time. */
function stallOf(text: string) {
  const path = `${temporaryDirectory()}/memory`;
  writeFileSync(path, text);
  const stall = new StallSource([path]);
  const shares = { some: 0, full: 0 };
  return {
    stall,
    path,
    write: (contents: string) => writeFileSync(path, contents),
    at(nowUs: number) {
      stall.readInto(shares, nowUs);
      return { ...shares };
    },
  };
}

describe('the stall', () => {
  it('begins with the average of the kernel', () => {
    expect(stallOf(pressure(5_000_000, 1_000_000, 12.5, 3)).at(0)).toEqual({ some: 0.125, full: 0.03 });
  });

  it('is the share of the time between two readings', () => {
    const { at, write } = stallOf(pressure(5_000_000, 1_000_000, 99, 99));
    at(1_000_000);
    write(pressure(5_040_000, 1_010_000));
    expect(at(1_100_000)).toEqual({ some: 0.4, full: 0.1 });
    expect(at(1_200_000)).toEqual({ some: 0, full: 0 });
  });

  it('is all of the time at most', () => {
    const { at, write } = stallOf(pressure(0, 0));
    at(0);
    write(pressure(10_400, 10_100));
    expect(at(10_000)).toEqual({ some: 1, full: 1 });
  });

  it('stays what it was when it is read twice within a millisecond', () => {
    const { at, write } = stallOf(pressure(0, 0));
    at(0);
    write(pressure(5_000, 0));
    expect(at(10_000)).toEqual({ some: 0.5, full: 0 });
    write(pressure(5_010, 0));
    expect(at(10_020)).toEqual({ some: 0.5, full: 0 });
    expect(at(20_010)).toEqual({ some: 10 / 10_010, full: 0 });
  });

  it('starts anew when the counters start anew', () => {
    const { at, write } = stallOf(pressure(5_000_000, 1_000_000));
    at(0);
    write(pressure(100, 50, 2, 1));
    expect(at(1_000_000)).toEqual({ some: 0.02, full: 0.01 });
  });

  it('starts anew when only one of the counters does', () => {
    const { at, write } = stallOf(pressure(5_000_000, 0));
    at(0);
    write(pressure(100, 50, 2, 1));
    expect(at(1_000_000)).toEqual({ some: 0.02, full: 0.01 });
  });

  it('is not known where the kernel has none, with the reason', () => {
    const stall = new StallSource(['/nowhere/memory.pressure', '/nowhere/memory']);
    const shares = { some: 0.5, full: 0.5 };
    stall.readInto(shares, 0);
    expect(shares).toEqual({ some: -1, full: -1 });
    expect(stall.reason).toBe('/nowhere/memory: missing');
  });

  it('is not known where the file says something else', () => {
    const { at, stall, path } = stallOf('some total=high\n');
    expect(at(0)).toEqual({ some: -1, full: -1 });
    expect(stall.reason).toBe(`${path}: not a number: "high"`);
  });

  it('is not known while the average with which it begins cannot be true', () => {
    const { at, stall, write, path } = stallOf(pressure(0, 0, 250, 0));
    expect(at(0)).toEqual({ some: -1, full: -1 });
    expect(stall.reason).toBe(`${path}: a share above 1`);
    expect(at(10)).toEqual({ some: -1, full: -1 });
    write(pressure(4_000, 1_000));
    expect(at(10_000)).toEqual({ some: 0.4, full: 0.1 });
    write('some avg10=high total=1\nfull avg10=0.00 total=0\n');
    expect(at(20_000)).toEqual({ some: -1, full: -1 });
    expect(at(20_010)).toEqual({ some: -1, full: -1 });
    expect(stall.reason).toBe(`${path}: a share above 1`);
  });

  it('is not known without the line for full stalls', () => {
    const { at, stall, path } = stallOf('some avg10=0.00 avg60=0.00 avg300=0.00 total=12\n');
    expect(at(0)).toEqual({ some: -1, full: -1 });
    expect(stall.reason).toBe(`${path}: no "full ... total="`);
  });

  it('is that of the own control group, even where memory is not accounted there', async () => {
    const tree = writtenTree({
      'proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n',
      'proc/self/cgroup': '0::/app\n',
      'proc/self/mountinfo': '25 22 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      'proc/pressure/memory': pressure(0, 0, 90, 80),
      'cgroup/app/memory.pressure': pressure(0, 0, 5, 1),
    });
    expect((await readTree(tree)).stall).toEqual({ some: 0.05, full: 0.01 });
  });

  it('is that of the first file that can be read', () => {
    const { path } = stallOf(pressure(0, 0));
    expect(new StallSource(['/nowhere/memory.pressure', path]).description).toBe(path);
  });
});
