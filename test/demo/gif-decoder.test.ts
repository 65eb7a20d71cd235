import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Animation, AnimationFrame } from '#src/demo/animations.js';
import { allAnimations, CLEAR, KEEP, RESTORE } from '#src/demo/animations.js';
import { encodeGif, generateGifs } from '#src/demo/generate-gifs.js';
import { type Clip, openGif } from '#src/demo/gif-decoder.js';
import { createRandom } from '#src/demo/random.js';

const SMALL = { widthPx: 40, heightPx: 60, frameCount: 9 };
const PALETTE = [0x000000, 0xff0000, 0x00ff00, 0x0000ff];

/** Paints an animation frame after frame onto one canvas, straight from its indices: what every decoder must arrive at. */
function paint({ widthPx, heightPx, palette, frames }: Animation): Uint8Array[] {
  const canvas = new Uint8Array(widthPx * heightPx * 4);
  return [...frames()].map((frame) => {
    const before = canvas.slice();
    forEachPixel(frame, widthPx, (at, index) => {
      if (index === frame.transparentIndex) return;
      const colour = palette[index] ?? 0;
      canvas.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], at);
    });
    const finished = canvas.slice();
    if (frame.disposal === RESTORE) canvas.set(before);
    if (frame.disposal === CLEAR) forEachPixel(frame, widthPx, (at) => canvas.fill(0, at, at + 4));
    return finished;
  });
}

function forEachPixel(frame: AnimationFrame, canvasWidthPx: number, visit: (at: number, index: number) => void): void {
  frame.indices.forEach((index, i) => {
    const x = frame.leftPx + (i % frame.widthPx);
    const y = frame.topPx + Math.floor(i / frame.widthPx);
    visit((y * canvasWidthPx + x) * 4, index);
  });
}

/** Decodes one frame from nothing, with all that it builds upon. */
function decodeAlone(clip: Clip, frame: number): Uint8Array {
  const base = clip.baseOf(frame);
  return clip.decodeFrame(frame, base === null ? null : decodeAlone(clip, base));
}

function rectangle(at: number[], index: number, disposal: AnimationFrame['disposal'], transparentIndex: number | null) {
  const [leftPx = 0, topPx = 0, widthPx = 0, heightPx = 0] = at;
  const indices = Array.from({ length: widthPx * heightPx }, (_, i) => (i % 3 === 0 ? 3 : index));
  return { leftPx, topPx, widthPx, heightPx, indices, disposal, transparentIndex };
}

function animation(frames: AnimationFrame[], size = { widthPx: 8, heightPx: 6 }): Animation {
  return { name: 'made-up', ...size, palette: PALETTE, frames: () => frames };
}

function open(bytes: Uint8Array): Clip {
  return openGif('some.gif', bytes);
}

function expectSamePictures(clip: Clip, expected: Uint8Array[]): void {
  expect(clip.frameCount).toBe(expected.length);
  expected.forEach((picture, frame) => {
    expect(Buffer.compare(decodeAlone(clip, frame), picture), `frame ${frame}`).toBe(0);
  });
}

describe('decoding', () => {
  test.each(allAnimations(SMALL))('gives the very pixels that $name was made of, frame by frame', (made) => {
    const clip = open(encodeGif(made));
    expect(clip).toMatchObject({ widthPx: 40, heightPx: 60 });
    expectSamePictures(clip, paint(made));
  });

  test('composes partial frames under every sequence of three disposals, with and without transparency', () => {
    const methods = [KEEP, CLEAR, RESTORE] as const;
    for (const transparentIndex of [null, 3]) {
      for (const first of methods) {
        for (const second of methods) {
          for (const third of methods) {
            const made = animation([
              rectangle([0, 0, 8, 6], 1, first, transparentIndex),
              rectangle([1, 1, 4, 3], 2, second, transparentIndex),
              rectangle([3, 2, 5, 4], 0, third, transparentIndex),
              rectangle([0, 4, 3, 2], 1, KEEP, transparentIndex),
              rectangle([0, 0, 8, 6], 2, KEEP, 3),
            ]);
            expectSamePictures(open(encodeGif(made)), paint(made));
          }
        }
      }
    }
  });

  test('starts from nothing where the first frames restore what was before them', () => {
    const made = animation([
      rectangle([0, 0, 4, 4], 1, RESTORE, 3),
      rectangle([2, 2, 4, 4], 2, RESTORE, 3),
      rectangle([4, 0, 4, 4], 1, KEEP, 3),
    ]);
    const clip = open(encodeGif(made));
    expect(clip.baseOf(2)).toBe(null);
    expectSamePictures(clip, paint(made));
  });

  test('needs no other frame for one that covers the canvas without transparency', () => {
    const [plasma] = allAnimations(SMALL);
    const clip = open(encodeGif(plasma as Animation));
    expect(Array.from({ length: 9 }, (_, frame) => clip.baseOf(frame))).toEqual(new Array(9).fill(null));
  });

  test('needs no other frame after one that covered the canvas and was cleared', () => {
    const made = animation([rectangle([0, 0, 8, 6], 1, CLEAR, 3), rectangle([1, 1, 3, 3], 2, KEEP, 3)]);
    const clip = open(encodeGif(made));
    expect(clip.baseOf(1)).toBe(null);
    expectSamePictures(clip, paint(made));
  });

  test('leaves the base picture as it was', () => {
    const made = animation([
      rectangle([0, 0, 8, 6], 1, CLEAR, 3),
      rectangle([1, 1, 3, 3], 2, CLEAR, 3),
      rectangle([0, 0, 2, 2], 1, KEEP, 3),
    ]);
    const clip = open(encodeGif(made));
    const base = decodeAlone(clip, 1);
    const before = base.slice();
    clip.decodeFrame(2, base);
    expect(base).toEqual(before);
  });

  test('puts the rows of an interlaced frame in their places', () => {
    const size = { widthPx: 4, heightPx: 16 };
    const rowColour = (y: number): number => (y * 7) % 4;
    const passes = [0, 8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15];
    const frame = {
      ...rectangle([0, 0, 4, 16], 0, KEEP, null),
      indices: passes.flatMap((y) => new Array(4).fill(rowColour(y))),
    };
    const straight = { ...frame, indices: Array.from({ length: 64 }, (_, i) => rowColour(Math.floor(i / 4))) };
    const bytes = encodeGif(animation([frame, frame], size));
    const descriptor = bytes.indexOf(0x2c);
    bytes[descriptor + 9] = 0x40;
    expect(Buffer.compare(decodeAlone(open(bytes), 0), paint(animation([straight], size))[0] as Uint8Array)).toBe(0);
  });

  test('refuses the wrong base', () => {
    const clip = open(
      encodeGif(animation([rectangle([0, 0, 8, 6], 1, KEEP, null), rectangle([1, 1, 3, 3], 2, KEEP, 3)])),
    );
    expect(() => clip.decodeFrame(1, null)).toThrow('wrong base');
    expect(() => clip.decodeFrame(0, new Uint8Array(8 * 6 * 4))).toThrow('wrong base');
  });
});

describe('a file that cannot be used is refused by name, with the reason', () => {
  const good = encodeGif(animation([rectangle([0, 0, 8, 6], 1, KEEP, null), rectangle([1, 1, 3, 3], 2, KEEP, 3)]));
  const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = good.slice();
    change(bytes);
    return bytes;
  };
  const secondImage = good.indexOf(0x2c, good.indexOf(0x2c) + 11);

  test.each([
    ['an empty file', new Uint8Array(0), /./],
    ['a picture of another kind', new TextEncoder().encode('\x89PNG\r\n\x1a\n and so on'), /Invalid GIF/],
    ['one frame', encodeGif(animation([rectangle([0, 0, 8, 6], 1, KEEP, null)])), /at least 2 frames, and it has 1/],
    ['a canvas of 65535x65535', changed((bytes) => bytes.fill(255, 6, 10)), /65535x65535 pixels are more than/],
    [
      'a frame outside of the canvas',
      changed((bytes) => bytes.set([7], secondImage + 1)),
      /frame 1 \(3x3 at 7,1\) does not fit in 8x6/,
    ],
    [
      'a frame without a pixel',
      changed((bytes) => bytes.set([0], secondImage + 5)),
      /frame 1 \(0x3 at 1,1\) does not fit/,
    ],
    ['a frame cut short', good.slice(0, secondImage + 13), /Invalid block size/],
    [
      'a code size of 9',
      changed((bytes) => bytes.set([9], secondImage + 10)),
      /frame 1 is damaged: a code size of 9 bits/,
    ],
    [
      'a larger frame than its data',
      changed((bytes) => bytes.set([4], secondImage + 7)),
      /frame 1 is damaged: 9 of 12 pixels/,
    ],
    [
      'a smaller frame than its data',
      changed((bytes) => bytes.set([2], secondImage + 7)),
      /frame 1 is damaged: 9 of 6 pixels/,
    ],
  ])('%s', (_, bytes, reason) => {
    expect(() => open(bytes)).toThrow(
      expect.objectContaining({
        code: 'ERR_SPILLWAY_CLI',
        message: expect.stringMatching(/^some\.gif is not a GIF that can be used here: /),
      }),
    );
    expect(() => open(bytes)).toThrow(reason);
  });

  test('damaged files in the thousands are refused or decoded, and never hang, throw or make the decoder complain', () => {
    const seed = Date.now() % 2 ** 31;
    const complaints = vi.spyOn(console, 'log');
    onTestFinished(() => complaints.mockRestore());
    const random = createRandom(seed);
    const files = generateGifs({ widthPx: 24, heightPx: 24, frameCount: 3 });
    let refusals = 0;
    for (let round = 0; round < 4_000; round += 1) {
      const bytes = (files[round % files.length]?.bytes ?? good).slice();
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips -= 1) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const clip = openOrNull(bytes, `seed ${seed}, round ${round}`);
      if (clip === null) refusals += 1;
      else for (let frame = 0; frame < clip.frameCount; frame += 1) decodeAlone(clip, frame);
    }
    expect(complaints, `seed ${seed}`).not.toHaveBeenCalled();
    expect(refusals).toBeGreaterThan(1_000);
  });
});

function openOrNull(bytes: Uint8Array, round: string): Clip | null {
  try {
    return open(bytes);
  } catch (error) {
    expect(error, round).toMatchObject({ code: 'ERR_SPILLWAY_CLI' });
    return null;
  }
}

describe('the generated files', () => {
  test('are the same bytes every time', () => {
    const size = { widthPx: 32, heightPx: 40, frameCount: 4 };
    const again = generateGifs(size);
    generateGifs(size).forEach(({ name, bytes }, index) => {
      expect(name).toBe(again[index]?.name);
      expect(Buffer.compare(bytes, again[index]?.bytes ?? new Uint8Array(0)), name).toBe(0);
    });
  });
});
