import { describe, expect, test } from 'vitest';
import { createRandom } from '#src/demo/random.js';
import { createResize, type PictureSize } from '#src/demo/resize.js';

const resize = createResize();

function size(widthPx: number, heightPx: number): PictureSize {
  return { widthPx, heightPx };
}

/** Opaque grey pixels. */
function grey(...values: number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value, value, value, 255]));
}

describe('making a picture smaller', () => {
  test('averages the area that each pixel covers', () => {
    expect(resize(grey(0, 100, 200, 40), size(4, 1), size(2, 1))).toEqual(grey(50, 120));
    expect(resize(grey(0, 100, 200, 40), size(2, 2), size(1, 1))).toEqual(grey(85));
  });

  test('weights a pixel that is covered in part by that part', () => {
    // 3 to 2: each target covers 1.5 pixels, so (30 + 60 / 2) / 1.5 and (60 / 2 + 90) / 1.5.
    expect(resize(grey(30, 60, 90), size(3, 1), size(2, 1))).toEqual(grey(40, 80));
    expect(resize(grey(30, 60, 90), size(1, 3), size(1, 2))).toEqual(grey(40, 80));
  });

  test('lets transparent pixels lend no colour, only transparency', () => {
    const source = Uint8Array.from([200, 100, 50, 255, 0, 255, 0, 0]);
    expect(resize(source, size(2, 1), size(1, 1))).toEqual(Uint8Array.from([200, 100, 50, 128]));
    expect(resize(new Uint8Array(16), size(2, 2), size(1, 1))).toEqual(new Uint8Array(4));
  });
});

describe('making a picture larger', () => {
  test('puts pixels linearly between their neighbours, by their centres', () => {
    // Targets' centres in source pixels: -0.25, 0.25, 0.75, 1.25.
    expect(resize(grey(0, 100), size(2, 1), size(4, 1))).toEqual(grey(0, 25, 75, 100));
    expect(resize(grey(0, 100), size(1, 2), size(1, 4))).toEqual(grey(0, 25, 75, 100));
  });

  test('repeats the only pixel there is', () => {
    expect(resize(grey(77), size(1, 1), size(3, 2))).toEqual(grey(77, 77, 77, 77, 77, 77));
  });
});

describe('any size to any size', () => {
  test('the same size gives the same pixels in a new array', () => {
    const source = grey(1, 2, 3, 4, 5, 6);
    const target = resize(source, size(3, 2), size(3, 2));
    expect(target).toEqual(source);
    expect(target).not.toBe(source);
  });

  test('a plain colour stays that colour', () => {
    const seed = Date.now() % 2 ** 31;
    const random = createRandom(seed);
    const side = (): number => 1 + Math.floor(random() * 40);
    for (let round = 0; round < 300; round += 1) {
      const from = size(side(), side());
      const to = size(side(), side());
      const source = grey(...new Array<number>(from.widthPx * from.heightPx).fill(round % 256));
      const expected = grey(...new Array<number>(to.widthPx * to.heightPx).fill(round % 256));
      expect(resize(source, from, to), `seed ${seed}: ${JSON.stringify({ from, to })}`).toEqual(expected);
    }
  });

  test('a resizer that was used for a larger picture gives what a new one gives', () => {
    const random = createRandom(1);
    const source = Uint8Array.from({ length: 9 * 7 * 4 }, () => Math.floor(random() * 256));
    resize(new Uint8Array(64 * 64 * 4).fill(9), size(64, 64), size(50, 50));
    expect(resize(source, size(9, 7), size(5, 11))).toEqual(createResize()(source, size(9, 7), size(5, 11)));
  });
});
