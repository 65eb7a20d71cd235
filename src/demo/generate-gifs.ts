import { GifWriter } from 'omggif';
import { type Animation, type AnimationSize, allAnimations } from './animations.js';

/** A GIF file in memory. */
export interface GifFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** 160 frames of 480 000 bytes each: 15 MB a file and 77 MB together, once decoded. */
export const DEMO_SIZE: AnimationSize = { widthPx: 400, heightPx: 300, frameCount: 32 };

/** 12-bit codes cannot take more than 1.5 bytes a pixel; 4 KiB hold the header and the palette, 64 bytes each frame's own header. */
const LZW_BYTES_PER_PIXEL = 1.5;
const HEADER_BYTES = 4096;
const FRAME_HEADER_BYTES = 64;

/** In hundredths of a second, the unit of the format. */
const DELAY_CENTISECONDS = 4;

/** The demo's own input: one file per kind of animation. Takes one to two seconds of the calling thread. */
export function generateGifs(size: AnimationSize = DEMO_SIZE): GifFile[] {
  return allAnimations(size).map((animation) => ({ name: `${animation.name}.gif`, bytes: encodeGif(animation) }));
}

/** The bytes of the GIF89a file that shows the animation. */
export function encodeGif(animation: Animation): Uint8Array {
  const frames = [...animation.frames()];
  const pixelBytes = frames.reduce((sum, { indices }) => sum + Math.ceil(indices.length * LZW_BYTES_PER_PIXEL), 0);
  const output = new Uint8Array(HEADER_BYTES + pixelBytes * (256 / 255) + frames.length * FRAME_HEADER_BYTES);
  const palette = [...animation.palette];
  const writer = new GifWriter(output, animation.widthPx, animation.heightPx, { palette, loop: 0 });
  for (const frame of frames) {
    writer.addFrame(frame.leftPx, frame.topPx, frame.widthPx, frame.heightPx, frame.indices, {
      delay: DELAY_CENTISECONDS,
      disposal: frame.disposal,
      ...(frame.transparentIndex === null ? {} : { transparent: frame.transparentIndex }),
    });
  }
  return output.slice(0, writer.end());
}
