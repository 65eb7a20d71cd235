import { describe, expect, test } from 'vitest';
import { compare, peakSignalToNoise } from '#src/demo/compare.js';
import { createRandom } from '#src/demo/random.js';

const C1 = 6.5025;
const C2 = 58.5225;

function plain(widthPx: number, heightPx: number, value: number): Uint8Array {
  return picture(widthPx, heightPx, () => value);
}

function picture(widthPx: number, heightPx: number, valueAt: (x: number, y: number) => number): Uint8Array {
  const rgba = new Uint8Array(widthPx * heightPx * 4);
  for (let i = 0; i < widthPx * heightPx; i += 1) {
    const value = valueAt(i % widthPx, Math.floor(i / widthPx));
    rgba.set([value, value, value, 255], i * 4);
  }
  return rgba;
}

/** The definition, window by window, in the plainest way: population variance over 8 by 8 grey pixels. */
function ssimByDefinition(a: Uint8Array, b: Uint8Array, widthPx: number, x0: number, y0: number): number {
  const values = (rgba: Uint8Array): number[] =>
    Array.from({ length: 64 }, (_, i) => rgba[((y0 + Math.floor(i / 8)) * widthPx + x0 + (i % 8)) * 4] ?? 0);
  const mean = (numbers: number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  const va = values(a);
  const vb = values(b);
  const ma = mean(va);
  const mb = mean(vb);
  const varianceA = mean(va.map((n) => (n - ma) ** 2));
  const varianceB = mean(vb.map((n) => (n - mb) ** 2));
  const covariance = mean(va.map((n, i) => (n - ma) * ((vb[i] ?? 0) - mb)));
  return ((2 * ma * mb + C1) * (2 * covariance + C2)) / ((ma ** 2 + mb ** 2 + C1) * (varianceA + varianceB + C2));
}

describe('peak signal-to-noise ratio', () => {
  test('of pictures that differ by the same step everywhere is 20 log10(255 / step)', () => {
    expect(peakSignalToNoise(plain(8, 8, 100), plain(8, 8, 101))).toBeCloseTo(48.1308, 4);
    expect(peakSignalToNoise(plain(8, 8, 100), plain(8, 8, 110))).toBeCloseTo(28.1308, 4);
    expect(peakSignalToNoise(plain(8, 8, 0), plain(8, 8, 255))).toBe(0);
  });

  test('counts red, green and blue alike, and alpha not at all', () => {
    for (const [channel, expected] of [
      [0, 52.902],
      [1, 52.902],
      [2, 52.902],
      [3, Number.POSITIVE_INFINITY],
    ] as const) {
      const other = plain(8, 8, 100);
      for (let i = channel; i < other.length; i += 4) other[i] = (other[i] ?? 0) - 1;
      expect(peakSignalToNoise(plain(8, 8, 100), other)).toBeCloseTo(expected, 3);
    }
  });

  test('of equal pictures is infinite', () => {
    expect(peakSignalToNoise(plain(8, 8, 5), plain(8, 8, 5))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('structural similarity', () => {
  test('of a picture with itself is 1, and lower with its negative than with anything milder', () => {
    const random = createRandom(3);
    const a = picture(20, 12, () => Math.floor(random() * 256));
    const negative = a.map((value, i) => (i % 4 === 3 ? value : 255 - value));
    expect(compare(a, a, { widthPx: 20, heightPx: 12 })).toMatchObject({ ssim: 1, worstSsim: 1 });
    expect(compare(a, negative, { widthPx: 20, heightPx: 12 }).ssim).toBeLessThan(-0.5);
  });

  test('of two plain pictures is the luminance term alone', () => {
    const { ssim } = compare(plain(8, 8, 100), plain(8, 8, 150), { widthPx: 8, heightPx: 8 });
    expect(ssim).toBeCloseTo((2 * 100 * 150 + C1) / (100 ** 2 + 150 ** 2 + C1), 6);
  });

  test('follows the definition in every window', () => {
    const random = createRandom(4);
    const size = { widthPx: 19, heightPx: 13 };
    const a = picture(19, 13, (x, y) => (x * 9 + y * 5) % 256);
    const b = picture(19, 13, (x, y) => Math.min(255, ((x * 9 + y * 5) % 256) + Math.floor(random() * 40)));
    const { map, ssim, worstSsim } = compare(a, b, size);
    expect(map.length).toBe(12 * 6);
    const expected = Array.from(map, (_, i) => ssimByDefinition(a, b, 19, i % 12, Math.floor(i / 12)));
    for (const [i, value] of map.entries()) expect(value, `window ${i}`).toBeCloseTo(expected[i] ?? Number.NaN, 5);
    expect(ssim).toBeCloseTo(expected.reduce((sum, n) => sum + n, 0) / expected.length, 6);
    expect(worstSsim).toBeCloseTo(Math.min(...expected), 6);
  });

  test('is not defined below one window', () => {
    expect(() => compare(plain(7, 9, 0), plain(7, 9, 0), { widthPx: 7, heightPx: 9 })).toThrow('at least 8x8');
  });
});
