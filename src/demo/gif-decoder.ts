import { type Frame, GifReader } from 'omggif';
import { SpillwayError } from '../core/errors.js';
import { findDamage } from './gif-integrity.js';

/** An opened animated GIF whose frames can be decoded one by one, synchronously, in any order. */
export interface Clip {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly frameCount: number;
  /** The frame whose finished picture `decodeFrame` must be given; null when the frame needs none. */
  baseOf(frame: number): number | null;
  /**
   * The finished picture of a frame: RGBA, not premultiplied, row by row, transparent black where nothing was painted. A new array.
   * @param base the finished picture of `baseOf(frame)`, which is left as it is; null when that is null.
   */
  decodeFrame(frame: number, base: Uint8Array | null): Uint8Array;
}

/** Disposal methods that mean more than "leave it". Source: GIF89a, section 23. */
const CLEAR_RECTANGLE = 2;
const RESTORE_PREVIOUS = 3;

/** 64 MiB as RGBA. A larger picture would be most of any limit that this demo makes sense under. */
const MAX_FRAME_PIXELS = 16 * 1024 * 1024;

const BYTES_PER_PIXEL = 4;

/** What the canvas holds before a frame is painted: the finished picture of `frame`, less its rectangle where that is cleared. */
interface Base {
  readonly frame: number;
  readonly cleared: boolean;
}

/**
 * Opens a GIF and checks all of it, so that nothing can go wrong once the work has started.
 * @param name what to call the file in messages.
 * @throws SpillwayError `ERR_SPILLWAY_CLI` naming the file, when it is not a GIF, is damaged, or is too large.
 */
export function openGif(name: string, bytes: Uint8Array): Clip {
  const reader = read(name, bytes);
  const frames = Array.from({ length: reader.numFrames() }, (_, index) => reader.frameInfo(index));
  checkFrames(name, bytes, reader, frames);
  const bases = frames.map((_, index) => findBase(frames, index, reader));
  const frameBytes = reader.width * reader.height * BYTES_PER_PIXEL;
  return {
    name,
    widthPx: reader.width,
    heightPx: reader.height,
    frameCount: frames.length,
    baseOf: (frame) => bases[frame]?.frame ?? null,
    decodeFrame(frame, basePicture) {
      const base = bases[frame] ?? null;
      if ((base === null) !== (basePicture === null))
        throw new RangeError(`frame ${frame} of ${name} got the wrong base`);
      const picture = new Uint8Array(frameBytes);
      if (basePicture !== null) picture.set(basePicture);
      const cleared = base?.cleared ? frames[base.frame] : undefined;
      if (cleared !== undefined) clearRectangle(picture, reader.width, cleared);
      reader.decodeAndBlitFrameRGBA(frame, picture);
      return picture;
    },
  };
}

function read(name: string, bytes: Uint8Array): GifReader {
  try {
    return new GifReader(bytes);
  } catch (error) {
    throw unusable(name, error instanceof Error ? error.message : String(error));
  }
}

function unusable(name: string, reason: string): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_CLI', `${name} is not a GIF that can be used here: ${reason}`);
}

function checkFrames(
  name: string,
  bytes: Uint8Array,
  canvas: { width: number; height: number },
  frames: Frame[],
): void {
  const pixels = canvas.width * canvas.height;
  if (pixels > MAX_FRAME_PIXELS) {
    throw unusable(
      name,
      `${canvas.width}x${canvas.height} pixels are more than the ${MAX_FRAME_PIXELS} that are allowed`,
    );
  }
  if (frames.length < 2) throw unusable(name, `comparing takes at least 2 frames, and it has ${frames.length}`);
  frames.forEach((frame, index) => {
    const fits = frame.x + frame.width <= canvas.width && frame.y + frame.height <= canvas.height;
    if (!fits || frame.width === 0 || frame.height === 0) {
      const rectangle = `${frame.width}x${frame.height} at ${frame.x},${frame.y}`;
      throw unusable(name, `frame ${index} (${rectangle}) does not fit in ${canvas.width}x${canvas.height}`);
    }
    if (frame.palette_offset === null) throw unusable(name, `frame ${index} has no palette`);
    const damage = findDamage(bytes, frame.data_offset, frame.width * frame.height);
    if (damage !== null) throw unusable(name, `frame ${index} is damaged: ${damage}`);
  });
}

/** A frame that is restored after it was shown passes on what was there before it, so the search goes on behind it. */
function findBase(frames: readonly Frame[], index: number, canvas: { width: number; height: number }): Base | null {
  const own = frames[index];
  if (own !== undefined && coversCanvas(own, canvas) && own.transparent_index === null) return null;
  for (let earlier = index - 1; earlier >= 0; earlier -= 1) {
    const frame = frames[earlier];
    if (frame === undefined || frame.disposal === RESTORE_PREVIOUS) continue;
    const cleared = frame.disposal === CLEAR_RECTANGLE;
    return cleared && coversCanvas(frame, canvas) ? null : { frame: earlier, cleared };
  }
  return null;
}

function coversCanvas(frame: Frame, canvas: { width: number; height: number }): boolean {
  return frame.width === canvas.width && frame.height === canvas.height;
}

/** To transparent, as every browser does it; the background colour that the format names is not used by any. */
function clearRectangle(picture: Uint8Array, canvasWidthPx: number, { x, y, width, height }: Frame): void {
  for (let row = y; row < y + height; row += 1) {
    const start = (row * canvasWidthPx + x) * BYTES_PER_PIXEL;
    picture.fill(0, start, start + width * BYTES_PER_PIXEL);
  }
}
