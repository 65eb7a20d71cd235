import { createRandom } from './random.js';

/** GIF89a disposal: what becomes of a frame's rectangle before the next frame is painted. */
export const KEEP = 1;
export const CLEAR = 2;
export const RESTORE = 3;

/** One frame: a rectangle of palette indices, painted over what the frame before left. */
export interface AnimationFrame {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Palette indices, row by row. */
  readonly indices: number[];
  /** Pixels with this index leave what is below them; null: every pixel is painted. */
  readonly transparentIndex: number | null;
  readonly disposal: typeof KEEP | typeof CLEAR | typeof RESTORE;
}

/** A procedural animation. The same arguments give the same pixels, always. */
export interface Animation {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Colours as 0xRRGGBB; their number is a power of two, as the format wants it. */
  readonly palette: readonly number[];
  readonly frames: () => Iterable<AnimationFrame>;
}

export interface AnimationSize {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly frameCount: number;
}

/** All kinds, distinct in what they ask of a decoder: smooth, noisy and flat pictures, whole and partial frames, each disposal. */
export function allAnimations(size: AnimationSize): Animation[] {
  return [plasma(size), rings(size), noise(size), shapes(size), text(size)];
}

/** Smooth gradients over 128 colours: long codes, large files. */
function plasma(size: AnimationSize): Animation {
  const palette = gradient(128, [0x10104a, 0xd03070, 0xffd060, 0x2090c0]);
  return wholeFrames('plasma', size, palette, (x, y, n) => {
    const waves = Math.sin(x / 23 + n / 5) + Math.sin(y / 17 - n / 7) + Math.sin((x + y) / 40 + n / 3);
    return Math.floor(((waves + 3) / 6) * 127);
  });
}

/** Circles that run outwards: hard edges that no resize leaves as they are. */
function rings(size: AnimationSize): Animation {
  const palette = gradient(16, [0xffffff, 0x203040, 0xe0b020]);
  const { widthPx, heightPx } = size;
  return wholeFrames('rings', size, palette, (x, y, n) => {
    const distancePx = Math.hypot(x - widthPx / 2 - 40 * Math.sin(n / 9), y - heightPx / 2);
    return Math.floor(distancePx / 9 + 1000 - n / 2) & 15;
  });
}

/** Grain that is new in every frame: nothing is like the frame before, and the scores are low. */
function noise(size: AnimationSize): Animation {
  const palette = gradient(16, [0x000000, 0xffffff]);
  return wholeFrames('noise', size, palette, (x, y, n) => {
    const hash = Math.imul((x >> 2) + 1, 73856093) ^ Math.imul((y >> 2) + 1, 19349663) ^ Math.imul(n + 1, 83492791);
    return (Math.imul(hash ^ (hash >>> 13), 0x5bd1e995) >>> 16) & 15;
  });
}

/** A disc and a square over a still background: partial frames with transparency, restored after each. */
function shapes(size: AnimationSize): Animation {
  const { widthPx, heightPx, frameCount } = size;
  const palette = gradient(32, [0x183050, 0x70a0d0, 0xf0f0e0]);
  const sidePx = Math.floor(Math.min(widthPx, heightPx) / 3);
  const transparentIndex = 31;
  function* frames(): Iterable<AnimationFrame> {
    yield wholeFrame(size, (x, y) => ((x >> 4) ^ (y >> 4)) % 20);
    for (let n = 1; n < frameCount; n += 1) {
      const leftPx = Math.floor((widthPx - sidePx) * (0.5 + 0.5 * Math.sin(n / 4)));
      const topPx = Math.floor((heightPx - sidePx) * (0.5 + 0.5 * Math.cos(n / 6)));
      const indices = fill(sidePx, sidePx, (x, y) => {
        const inDisc = Math.hypot(x - sidePx / 2, y - sidePx / 2) < sidePx / 2;
        const inSquare = Math.abs(x - sidePx / 2) < sidePx / 6 && Math.abs(y - sidePx / 2) < sidePx / 6;
        return inSquare ? 20 + (n % 8) : inDisc ? 28 + ((x >> 3) & 1) : transparentIndex;
      });
      yield { leftPx, topPx, widthPx: sidePx, heightPx: sidePx, indices, transparentIndex, disposal: RESTORE };
    }
  }
  return { name: 'shapes', widthPx, heightPx, palette, frames };
}

/** Lines of made-up glyphs that are typed one by one, with a page that is cleared now and then. */
function text(size: AnimationSize): Animation {
  const { widthPx, heightPx, frameCount } = size;
  const palette = [0xfaf8f0, 0x202020, 0x8a1c1c, 0x1c3c8a];
  const linePx = 20;
  const linesPerPage = Math.floor(heightPx / linePx);
  function* frames(): Iterable<AnimationFrame> {
    const random = createRandom(7);
    for (let n = 0; n < frameCount; n += 1) {
      const line = n % linesPerPage;
      if (line === 0) {
        yield wholeFrame(size, () => 0);
        continue;
      }
      const glyphs = Array.from({ length: Math.ceil(widthPx / 10) }, () => Math.floor(random() * 2 ** 24));
      const indices = fill(widthPx, linePx, (x, y) => glyphPixel(glyphs[Math.floor(x / 10)] ?? 0, x % 10, y));
      const disposal = n % 5 === 0 ? CLEAR : KEEP;
      yield { leftPx: 0, topPx: line * linePx, widthPx, heightPx: linePx, indices, transparentIndex: null, disposal };
    }
  }
  return { name: 'text', widthPx, heightPx, palette, frames };
}

/** A glyph is a 4 by 6 bitmap (24 bits), drawn with pixels of 2, in a cell of 10 by 20. */
function glyphPixel(bitmap: number, x: number, y: number): number {
  const column = x >> 1;
  const row = (y - 4) >> 1;
  if (column > 3 || row < 0 || row > 5) return 0;
  return (bitmap >> (row * 4 + column)) & 1 ? 1 + (bitmap % 3) : 0;
}

function wholeFrames(
  name: string,
  size: AnimationSize,
  palette: readonly number[],
  indexAt: (x: number, y: number, frame: number) => number,
): Animation {
  function* frames(): Iterable<AnimationFrame> {
    for (let n = 0; n < size.frameCount; n += 1) yield wholeFrame(size, (x, y) => indexAt(x, y, n));
  }
  return { name, widthPx: size.widthPx, heightPx: size.heightPx, palette, frames };
}

function wholeFrame({ widthPx, heightPx }: AnimationSize, indexAt: (x: number, y: number) => number): AnimationFrame {
  const indices = fill(widthPx, heightPx, indexAt);
  return { leftPx: 0, topPx: 0, widthPx, heightPx, indices, transparentIndex: null, disposal: KEEP };
}

function fill(widthPx: number, heightPx: number, indexAt: (x: number, y: number) => number): number[] {
  const indices = new Array<number>(widthPx * heightPx);
  for (let y = 0, i = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1, i += 1) indices[i] = indexAt(x, y);
  }
  return indices;
}

/** `count` colours, evenly along straight lines between the given ones. */
function gradient(count: number, stops: readonly number[]): number[] {
  return Array.from({ length: count }, (_, i) => {
    const position = (i / (count - 1)) * (stops.length - 1);
    const from = stops[Math.floor(position)] ?? 0;
    const to = stops[Math.ceil(position)] ?? 0;
    const share = position - Math.floor(position);
    const mix = (shift: number): number =>
      Math.round(((from >> shift) & 255) * (1 - share) + ((to >> shift) & 255) * share) << shift;
    return mix(16) | mix(8) | mix(0);
  });
}
