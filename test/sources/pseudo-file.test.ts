import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fieldKey, fieldLabel, PseudoFile } from '#src/sources/pseudo-file.js';
import { temporaryDirectory } from './tree.js';

/** A file with these contents, and a way to change them. */
function fileOf(text: string) {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, text);
  return { file: new PseudoFile(path), path, write: (contents: string) => writeFileSync(path, contents) };
}

describe('a number', () => {
  it.each([
    ['0', 0],
    ['4096\n', 4096],
    ['9007199254740991\n', Number.MAX_SAFE_INTEGER],
    ['9007199254740993\n', Number.POSITIVE_INFINITY],
    ['9223372036854771712\n', Number.POSITIVE_INFINITY],
    ['18446744073709551615\n', Number.POSITIVE_INFINITY],
  ])('is read from %j: %d', (text, number) => {
    expect(fileOf(text).file.readNumber()).toBe(number);
  });

  it.each(['max\n', 'unlimited\n', 'max'])('may be "no limit" only where a limit is read: %j', (text) => {
    const { file, path } = fileOf(text);
    expect(file.readLimit()).toBe(Number.POSITIVE_INFINITY);
    expect(file.readNumber()).toBeNaN();
    expect(file.reason).toBe(`${path}: not a number: "${text.trim()}"`);
  });

  it('clears the reason of an earlier failure', () => {
    const { file, write } = fileOf('x');
    expect(file.readNumber()).toBeNaN();
    write('5');
    expect(file.readNumber()).toBe(5);
    expect(file.reason).toBe('');
  });

  it('quotes no more than a line, and not all of a long one', () => {
    const { file, path } = fileOf(`${'x'.repeat(100)}\nsecond`);
    expect(file.readNumber()).toBeNaN();
    expect(file.reason).toBe(`${path}: not a number: "${'x'.repeat(40)}"`);
  });
});

describe('a line', () => {
  const TEXT = 'first 1\ntotal_file 22\nfile:     333 kB\nfile_x 4\nlast\t5';

  it.each([
    ['first', 1],
    ['total_file', 22],
    ['file', 333],
    ['last', 5],
  ])('is found by its whole key only: %s', (key, value) => {
    const { file } = fileOf(TEXT);
    expect(file.read()).toBe(true);
    expect(file.field(fieldKey(key))).toBe(value);
  });

  it('that is not there is NaN with a reason, or what stands in for it', () => {
    const { file, path } = fileOf(TEXT);
    file.read();
    expect(file.field(fieldKey('fil'))).toBeNaN();
    expect(file.reason).toBe(`${path}: no line "fil"`);
    expect(file.field(fieldKey('fil'), 7)).toBe(7);
  });

  it('of an earlier, longer text is gone', () => {
    const { file, write } = fileOf('some 1\nother 2\nthird 3\n');
    file.read();
    write('some 1\n');
    file.read();
    expect(file.field(fieldKey('third'), -1)).toBe(-1);
    expect(file.field(fieldKey('some'))).toBe(1);
    write('so');
    file.read();
    expect(file.field(fieldKey('some'), -1)).toBe(-1);
  });

  it('is found beyond what the first buffer holds', () => {
    const { file } = fileOf(`${'filler 1\n'.repeat(10_000)}wanted 42\n`);
    expect(file.read()).toBe(true);
    expect(file.field(fieldKey('wanted'))).toBe(42);
    expect(file.text()).toHaveLength(9 * 10_000 + 10);
  });

  it('has labelled numbers, with fractions', () => {
    const { file, path } = fileOf('some avg10=12.50 total=9\nfull avg10=0.25 total=8\n');
    file.read();
    expect(file.labelled(fieldKey('full'), fieldLabel('total'))).toBe(8);
    expect(file.labelled(fieldKey('some'), fieldLabel('avg10'))).toBe(12.5);
    expect(file.labelled(fieldKey('some'), fieldLabel('avg60'))).toBeNaN();
    expect(file.reason).toBe(`${path}: no "some ... avg60="`);
  });

  it('is not searched for a label in the next one', () => {
    const { file } = fileOf('some avg10=1.00\nfull total=8\n');
    file.read();
    expect(file.labelled(fieldKey('some'), fieldLabel('total'))).toBeNaN();
  });
});

describe('a file of the kernel', () => {
  it.skipIf(process.platform !== 'linux')('is read anew through a descriptor that stays open (Linux)', () => {
    const file = new PseudoFile('/proc/self/statm');
    expect(file.read()).toBe(true);
    const before = file.column(0);
    const grown = new SharedArrayBuffer(256 * 2 ** 20);
    expect(file.read()).toBe(true);
    expect(file.column(0) - before).toBeGreaterThanOrEqual(grown.byteLength / 2 ** 16);
    file.close();
    expect(file.read()).toBe(true);
    file.close();
  });
});
