import { describe, expect, it } from 'vitest';
import { formatBytes, formatRatio, GIB, MIB, parseBytes } from '#src/core/units.js';

describe('parseBytes', () => {
  it.each([
    [0, 0],
    [1, 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['512MiB', 512 * MIB],
    ['512 mib', 512 * MIB],
    [' 2GB ', 2e9],
    ['1.5 GiB', 1.5 * GIB],
    ['10b', 10],
    ['1kB', 1000],
    ['1KiB', 1024],
    ['3TB', 3e12],
    ['0.1KiB', 102],
  ])('reads %s as %d bytes', (size, bytes) => {
    expect(parseBytes(size)).toBe(bytes);
  });

  it.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '',
    '512',
    'MiB',
    '-5MiB',
    '5 PiB',
    '1e3MiB',
    '0x10B',
    '5MiB extra',
    '9999999999TB',
    null,
    undefined,
    true,
    {},
    10n,
  ])('refuses %s', (size) => {
    expect(parseBytes(size)).toBeNull();
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [9.94 * 1024, '9.9 KiB'],
    [412 * MIB, '412 MiB'],
    [1.5 * GIB, '1.5 GiB'],
    [-3 * MIB, '-3.0 MiB'],
    [2048 * GIB, '2048 GiB'],
  ])('shows %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('never shows 1024 of a unit that has a bigger one, nor 10.0', () => {
    expect(formatBytes(1023.9 * 1024)).toBe('1.0 MiB');
    expect(formatBytes(9.99 * MIB)).toBe('10 MiB');
    expect(formatBytes(1023.7)).toBe('1.0 KiB');
  });
});

describe('formatRatio', () => {
  it('is a percentage with one decimal', () => {
    expect(formatRatio(0.713)).toBe('71.3 %');
    expect(formatRatio(1.2)).toBe('120.0 %');
  });
});
