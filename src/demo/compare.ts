import type { PictureSize } from './resize.js';

/** How alike two pictures of one size are. */
export interface Comparison {
  /** Peak signal-to-noise ratio over red, green and blue, in dB; Infinity for equal pictures. */
  readonly psnrDb: number;
  /** Mean structural similarity over all windows, in [-1, 1]; 1 for equal pictures. */
  readonly ssim: number;
  /** The least similar window. */
  readonly worstSsim: number;
  /** Structural similarity of each window, row by row, one per pixel step: where the pictures differ. */
  readonly map: Float32Array;
}

/**
 * Window side and constants. Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
 * similarity", IEEE TIP 13(4), 2004: C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2. A uniform 8 by 8 window, one of the two that the
 * paper discusses, can be moved by a pixel at constant cost.
 */
export const SSIM_WINDOW_PX = 8;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
const PEAK = 255;

/**
 * Compares two RGBA pictures of the same size; what is transparent counts as black.
 * @param size at least 8 by 8 pixels.
 */
export function compare(a: Uint8Array, b: Uint8Array, size: PictureSize): Comparison {
  const map = structuralSimilarity(luma(a), luma(b), size);
  let sum = 0;
  let worstSsim = 1;
  for (const window of map) {
    sum += window;
    if (window < worstSsim) worstSsim = window;
  }
  return { psnrDb: peakSignalToNoise(a, b), ssim: sum / map.length, worstSsim, map };
}

/** 10 log10(255^2 / mean squared error), over the colour channels of two RGBA pictures, in dB. */
export function peakSignalToNoise(a: Uint8Array, b: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i += 4) {
    const red = (a[i] ?? 0) - (b[i] ?? 0);
    const green = (a[i + 1] ?? 0) - (b[i + 1] ?? 0);
    const blue = (a[i + 2] ?? 0) - (b[i + 2] ?? 0);
    squares += red * red + green * green + blue * blue;
  }
  return 10 * Math.log10((PEAK * PEAK) / (squares / ((a.length / 4) * 3)));
}

/**
 * SSIM of every window of two grey pictures. Sums of whole numbers are exact in doubles, so moving the window adds no drift: each
 * column's sum over the rows of the window is kept, and the window moves along the columns.
 */
function structuralSimilarity(a: Uint8Array, b: Uint8Array, { widthPx, heightPx }: PictureSize): Float32Array {
  const columns = widthPx - SSIM_WINDOW_PX + 1;
  const rows = heightPx - SSIM_WINDOW_PX + 1;
  if (columns < 1 || rows < 1) throw new RangeError(`Expected at least 8x8 pixels, got ${widthPx}x${heightPx}`);
  const map = new Float32Array(columns * rows);
  const sums = createColumnSums(widthPx);
  for (let y = 0; y < heightPx; y += 1) {
    addRow(sums, a, b, y * widthPx, 1);
    if (y >= SSIM_WINDOW_PX) addRow(sums, a, b, (y - SSIM_WINDOW_PX) * widthPx, -1);
    if (y >= SSIM_WINDOW_PX - 1) scoreRow(sums, map, (y - SSIM_WINDOW_PX + 1) * columns, columns);
  }
  return map;
}

interface ColumnSums {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly aa: Float64Array;
  readonly bb: Float64Array;
  readonly ab: Float64Array;
}

function createColumnSums(widthPx: number): ColumnSums {
  const column = (): Float64Array => new Float64Array(widthPx);
  return { a: column(), b: column(), aa: column(), bb: column(), ab: column() };
}

function addRow(sums: ColumnSums, a: Uint8Array, b: Uint8Array, start: number, sign: 1 | -1): void {
  for (let x = 0; x < sums.a.length; x += 1) {
    const greyA = a[start + x] ?? 0;
    const greyB = b[start + x] ?? 0;
    sums.a[x] = (sums.a[x] ?? 0) + sign * greyA;
    sums.b[x] = (sums.b[x] ?? 0) + sign * greyB;
    sums.aa[x] = (sums.aa[x] ?? 0) + sign * greyA * greyA;
    sums.bb[x] = (sums.bb[x] ?? 0) + sign * greyB * greyB;
    sums.ab[x] = (sums.ab[x] ?? 0) + sign * greyA * greyB;
  }
}

function scoreRow(sums: ColumnSums, map: Float32Array, out: number, columns: number): void {
  let a = 0;
  let b = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let x = 0; x < columns + SSIM_WINDOW_PX - 1; x += 1) {
    a += sums.a[x] ?? 0;
    b += sums.b[x] ?? 0;
    aa += sums.aa[x] ?? 0;
    bb += sums.bb[x] ?? 0;
    ab += sums.ab[x] ?? 0;
    if (x < SSIM_WINDOW_PX - 1) continue;
    const first = x - SSIM_WINDOW_PX + 1;
    map[out + first] = similarity(a, b, aa, bb, ab);
    a -= sums.a[first] ?? 0;
    b -= sums.b[first] ?? 0;
    aa -= sums.aa[first] ?? 0;
    bb -= sums.bb[first] ?? 0;
    ab -= sums.ab[first] ?? 0;
  }
}

/** Equation 13 of the paper, from the sums over one window. */
function similarity(a: number, b: number, aa: number, bb: number, ab: number): number {
  const pixels = SSIM_WINDOW_PX * SSIM_WINDOW_PX;
  const meanA = a / pixels;
  const meanB = b / pixels;
  const varianceA = aa / pixels - meanA * meanA;
  const varianceB = bb / pixels - meanB * meanB;
  const covariance = ab / pixels - meanA * meanB;
  const luminance = (2 * meanA * meanB + C1) / (meanA * meanA + meanB * meanB + C1);
  return luminance * ((2 * covariance + C2) / (varianceA + varianceB + C2));
}

/** Luma in whole numbers. Source of the weights: ITU-R BT.601, 0.299, 0.587, 0.114, in 1/256. */
function luma(picture: Uint8Array): Uint8Array {
  const grey = new Uint8Array(picture.length / 4);
  for (let i = 0, at = 0; i < grey.length; i += 1, at += 4) {
    grey[i] = (77 * (picture[at] ?? 0) + 150 * (picture[at + 1] ?? 0) + 29 * (picture[at + 2] ?? 0)) >> 8;
  }
  return grey;
}
