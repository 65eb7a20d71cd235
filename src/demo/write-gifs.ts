import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../core/units.js';
import { generateGifs } from './generate-gifs.js';

/** Writes the demo's generated input to a directory, for looking at it: `node dist/src/demo/write-gifs.js DIRECTORY`. */
const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: node write-gifs.js DIRECTORY');
  process.exitCode = 2;
} else {
  mkdirSync(directory, { recursive: true });
  for (const { name, bytes } of generateGifs()) {
    writeFileSync(join(directory, name), bytes);
    console.log(`${join(directory, name)}: ${formatBytes(bytes.length)}`);
  }
}
