import { readFileSync } from 'node:fs';
import { SpillwayError } from '../core/errors.js';
import { type GifFile, generateGifs } from './generate-gifs.js';
import { type Clip, openGif } from './gif-decoder.js';

/**
 * The clips to work on: the files named, or the generated ones when none is. All are opened and checked before any work starts.
 * @throws SpillwayError `ERR_SPILLWAY_CLI` naming the first file that cannot be read or used.
 */
export function loadClips(files: readonly string[]): Clip[] {
  const gifs = files.length === 0 ? generateGifs() : [...new Set(files)].map(readGif);
  return gifs.map(({ name, bytes }) => openGif(name, bytes));
}

function readGif(path: string): GifFile {
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpillwayError('ERR_SPILLWAY_CLI', `Cannot read ${path}: ${reason}`, { cause: error });
  }
}
