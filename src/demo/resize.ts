/** A picture's size in pixels. */
export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Resizes one RGBA picture; the source is left as it is, the result is a new array. Synchronous, on the calling thread. */
export type Resize = (source: Uint8Array, from: PictureSize, to: PictureSize) => Uint8Array;

const CHANNELS = 4;
const ALPHA = 3;

/** Which source pixels make up one target pixel along one axis: `count` of them from `start`, with weights that add up to 1. */
interface Taps {
  readonly start: Int32Array;
  readonly count: Int32Array;
  /** `maxCount` weights for each target pixel. */
  readonly weights: Float32Array;
  readonly maxCount: number;
}

/**
 * Makes a resizer: each target pixel is the average of the source area that it covers where the picture gets smaller, and lies
 * linearly between its two neighbours where it gets larger, on each axis by itself. Colours are weighted by their alpha, so that what is
 * transparent lends no colour to its neighbours. The resizer keeps its intermediate array from call to call.
 */
export function createResize(): Resize {
  let scratch = new Float32Array(0);
  return (source, from, to) => {
    const length = to.widthPx * from.heightPx * CHANNELS;
    if (scratch.length < length) scratch = new Float32Array(length);
    resizeRows(source, from, to.widthPx, scratch);
    return resizeColumns(scratch, from.heightPx, to);
  };
}

/** From RGBA to premultiplied floats. */
function resizeRows(source: Uint8Array, from: PictureSize, toWidthPx: number, target: Float32Array): void {
  const { start, count, weights, maxCount } = createTaps(from.widthPx, toWidthPx);
  let out = 0;
  for (let y = 0; y < from.heightPx; y += 1) {
    const row = y * from.widthPx;
    for (let x = 0; x < toWidthPx; x += 1) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      const taps = count[x] ?? 0;
      let at = (row + (start[x] ?? 0)) * CHANNELS;
      for (let tap = 0; tap < taps; tap += 1, at += CHANNELS) {
        const opacity = ((weights[x * maxCount + tap] ?? 0) * (source[at + ALPHA] ?? 0)) / 255;
        red += opacity * (source[at] ?? 0);
        green += opacity * (source[at + 1] ?? 0);
        blue += opacity * (source[at + 2] ?? 0);
        alpha += opacity;
      }
      target[out] = red;
      target[out + 1] = green;
      target[out + 2] = blue;
      target[out + ALPHA] = alpha;
      out += CHANNELS;
    }
  }
}

/** From premultiplied floats back to RGBA. */
function resizeColumns(source: Float32Array, fromHeightPx: number, to: PictureSize): Uint8Array {
  const { start, count, weights, maxCount } = createTaps(fromHeightPx, to.heightPx);
  const target = new Uint8Array(to.widthPx * to.heightPx * CHANNELS);
  const rowLength = to.widthPx * CHANNELS;
  const sums = new Float32Array(rowLength);
  for (let y = 0; y < to.heightPx; y += 1) {
    sums.fill(0);
    for (let tap = 0; tap < (count[y] ?? 0); tap += 1) {
      const weight = weights[y * maxCount + tap] ?? 0;
      const row = ((start[y] ?? 0) + tap) * rowLength;
      for (let i = 0; i < rowLength; i += 1) sums[i] = (sums[i] ?? 0) + weight * (source[row + i] ?? 0);
    }
    const out = y * rowLength;
    for (let i = 0; i < rowLength; i += CHANNELS) {
      const alpha = sums[i + ALPHA] ?? 0;
      if (alpha === 0) continue;
      target[out + i] = Math.round((sums[i] ?? 0) / alpha);
      target[out + i + 1] = Math.round((sums[i + 1] ?? 0) / alpha);
      target[out + i + 2] = Math.round((sums[i + 2] ?? 0) / alpha);
      target[out + i + ALPHA] = Math.round(alpha * 255);
    }
  }
  return target;
}

function createTaps(fromPx: number, toPx: number): Taps {
  const scale = fromPx / toPx;
  const maxCount = scale > 1 ? Math.ceil(scale) + 1 : 2;
  const taps = {
    start: new Int32Array(toPx),
    count: new Int32Array(toPx),
    weights: new Float32Array(toPx * maxCount),
    maxCount,
  };
  for (let target = 0; target < toPx; target += 1) {
    if (scale > 1) coverArea(taps, target, target * scale, Math.min((target + 1) * scale, fromPx));
    else layBetween(taps, target, (target + 0.5) * scale - 0.5, fromPx - 1);
  }
  return taps;
}

/** Weights each source pixel by how much of it lies in [begin, end). */
function coverArea({ start, count, weights, maxCount }: Taps, target: number, begin: number, end: number): void {
  const first = Math.floor(begin);
  const last = Math.min(Math.ceil(end), first + maxCount);
  start[target] = first;
  count[target] = last - first;
  for (let pixel = first; pixel < last; pixel += 1) {
    const covered = Math.min(pixel + 1, end) - Math.max(pixel, begin);
    weights[target * maxCount + pixel - first] = covered / (end - begin);
  }
}

/** Pixel centres are at whole numbers; beyond the outermost centres the border pixel goes on. */
function layBetween(
  { start, count, weights, maxCount }: Taps,
  target: number,
  centre: number,
  lastPixel: number,
): void {
  const inside = Math.min(Math.max(centre, 0), lastPixel);
  const first = Math.min(Math.floor(inside), Math.max(lastPixel - 1, 0));
  const share = inside - first;
  start[target] = first;
  count[target] = share === 0 ? 1 : 2;
  weights[target * maxCount] = 1 - share;
  weights[target * maxCount + 1] = share;
}
