import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadTracked,
  loadWide,
  readUnderSequence,
  storeTracked,
  storeWide,
  TRACKED_WORDS,
  writeUnderSequence,
} from '#src/page/wide.js';

const shared = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));

describe('a wide value', () => {
  it('holds every safe integer', () => {
    const words = shared(2);
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        storeWide(words, 0, value);
        expect(loadWide(words, 0)).toBe(value);
      }),
    );
  });

  it.each([0, -1, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1])(
    'holds %d',
    (value) => {
      const words = shared(2);
      storeWide(words, 0, value);
      expect(loadWide(words, 0)).toBe(value);
    },
  );
});

describe('a tracked value', () => {
  it('holds every safe integer, one after the other', () => {
    const words = shared(TRACKED_WORDS);
    expect(loadTracked(words, 0)).toBe(0);
    const near = fc
      .integer({ min: -3, max: 3 })
      .chain((high) => fc.integer({ min: 0, max: 9 }).map((low) => high * 2 ** 31 + low));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.maxSafeInteger(), near)), (values) => {
        for (const value of values) {
          storeTracked(words, 0, value);
          expect(loadTracked(words, 0)).toBe(value);
        }
      }),
    );
  });

  it('is seen whole by another thread while it crosses 2^31 to and fro', async () => {
    const words = shared(TRACKED_WORDS + 1);
    const values = [2 ** 31 - 1, 2 ** 31, 3 * (2 ** 31 - 1), 3 * (2 ** 31 - 1) + 1];
    const worker = new Worker(
      `const { workerData: { words, values } } = require('node:worker_threads');
       import(${JSON.stringify(new URL('../../dist/src/page/wide.js', import.meta.url).href)}).then(({ storeTracked }) => {
         for (let turn = 0; Atomics.load(words, ${TRACKED_WORDS}) === 0; turn++) storeTracked(words, 0, values[turn & 3]);
       });`,
      { eval: true, workerData: { words, values } },
    );
    const exited = once(worker, 'exit');
    while (loadTracked(words, 0) === 0) await new Promise(setImmediate);
    const seen = new Set<number>();
    for (let read = 0; read < 1e6 || seen.size < values.length; read++) seen.add(loadTracked(words, 0));
    Atomics.store(words, TRACKED_WORDS, 1);
    await exited;
    expect([...seen].sort((a, b) => a - b)).toEqual(values);
  });

  it('is read although its writer was stopped in the middle', () => {
    const words = shared(TRACKED_WORDS);
    storeTracked(words, 0, 5e9);
    const standing = (words[0] ?? 0) & 1;
    words[standing === 0 ? 3 : 1] = 77; // half of a write to the slot that does not stand
    expect(loadTracked(words, 0)).toBe(5e9);
  });
});

describe('a sequence word', () => {
  it('lets a reader see what was written', () => {
    const words = shared(3);
    writeUnderSequence(words, 0, () => storeWide(words, 1, 42));
    let value = 0;
    expect(readUnderSequence(words, 0, () => (value = loadWide(words, 1)))).toBe(true);
    expect(value).toBe(42);
  });

  it('does not hang a reader whose writer died in the middle', () => {
    const words = shared(3);
    Atomics.add(words, 0, 1);
    expect(readUnderSequence(words, 0, () => undefined)).toBe(false);
  });

  it('makes a reader look again when the writer came between', () => {
    const words = shared(2);
    let reads = 0;
    const consistent = readUnderSequence(words, 0, () => {
      if (++reads === 1) writeUnderSequence(words, 0, () => Atomics.store(words, 1, 5));
    });
    expect(consistent).toBe(true);
    expect(reads).toBe(2);
  });
});
