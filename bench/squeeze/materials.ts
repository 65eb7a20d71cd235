import { KIB, MIB } from '../../src/core/units.js';

/** What a cache of the squeeze holds: how an entry is made, and how large it is taken to be. */
export interface Material {
  readonly name: string;
  /** Bytes of the entry of `key`; the same for the same key. */
  readonly bytesOf: (key: number) => number;
  readonly create: (key: number) => object | string;
}

/** Objects of this shape take about this many bytes on V8's heap: measured as the heap's growth per object. */
const OBJECT_BYTES = 88;
const OBJECTS_PER_ENTRY = 40;

function buffers(name: string, bytes: number): Material {
  return { name, bytesOf: () => bytes, create: (key) => Buffer.allocUnsafeSlow(bytes).fill(key & 255) };
}

function objectEntry(key: number): object[] {
  return Array.from({ length: OBJECTS_PER_ENTRY }, (_, index) => ({
    id: key,
    index,
    ratio: key / (index + 1),
    next: null,
    label: index & 1 ? 'odd' : 'even',
  }));
}

function stringEntry(key: number, characters: number): string {
  return Buffer.allocUnsafe(characters)
    .fill(97 + (key % 26))
    .toString('latin1');
}

const STRING_BYTES = 16 * KIB;

const objects: Material = {
  name: 'objects',
  bytesOf: () => OBJECTS_PER_ENTRY * OBJECT_BYTES,
  create: objectEntry,
};
const strings: Material = {
  name: 'strings',
  bytesOf: () => STRING_BYTES,
  create: (key) => stringEntry(key, STRING_BYTES),
};
const blocks = [
  buffers('4KiB', 4 * KIB),
  buffers('16KiB', 16 * KIB),
  buffers('64KiB', 64 * KIB),
  buffers('256KiB', 256 * KIB),
  buffers('1MiB', MIB),
];
const parts = [objects, strings, ...blocks.slice(1, 4)];
const partOf = (key: number): Material => parts[key % parts.length] ?? objects;
const mixed: Material = {
  name: 'mixed',
  bytesOf: (key) => partOf(key).bytesOf(key),
  create: (key) => partOf(key).create(key),
};

export const MATERIALS: readonly Material[] = [objects, ...blocks, strings, mixed];
