import { freemem, totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { emptyReading, type Reading, ratioOf } from '#src/core/reading.js';
import { type MemoryAnswer, PortableMemory } from '#src/sources/portable.js';
import { ok } from './tree.js';

const ANSWER: MemoryAnswer = { total: 1000, free: 100, available: 300, swaptotal: 50, swapused: 20 };

function read(memory: PortableMemory): Reading {
  const reading = emptyReading();
  memory.readInto(reading);
  return reading;
}

/** A source whose questions are answered by `mem`, and are counted. */
function asking(calmIntervalMs: number, mem: () => Promise<MemoryAnswer>) {
  let questions = 0;
  const load = async () => ({
    mem() {
      questions++;
      return mem();
    },
  });
  return { memory: new PortableMemory({ calmIntervalMs, mayAsk: true, load }), questions: () => questions };
}

/** Whether the reading is what node:os says, give or take what other processes did meanwhile. */
function expectFromNode(reading: Reading): void {
  expect(reading).toMatchObject({ status: 'ok', limitBytes: totalmem() });
  expect(Math.abs(reading.usedBytes - (totalmem() - freemem()))).toBeLessThan(0.2 * totalmem());
}

describe('the memory of a machine without /proc', () => {
  it('comes from systeminformation itself', async () => {
    const memory = new PortableMemory({ calmIntervalMs: 5000, mayAsk: true });
    await memory.ready;
    expect(memory.description).toBe('systeminformation');
    const reading = read(memory);
    expect(reading.status).toBe('ok');
    expect(ratioOf(reading)).toBeGreaterThan(0.001);
    expect(ratioOf(reading)).toBeLessThan(1);
    expect(Object.keys(memory.facts())).toEqual(['swapTotalBytes', 'swapUsedBytes']);
  });

  it('is what was answered last: total less available', async () => {
    const { memory } = asking(5000, async () => ANSWER);
    await memory.ready;
    expect(read(memory)).toEqual(ok(700, 1000));
    expect(memory.facts()).toEqual({ swapTotalBytes: 50, swapUsedBytes: 20 });
  });

  it('is asked for once in a calm interval, however often it is read', async () => {
    const { memory, questions } = asking(60_000, async () => ANSWER);
    await memory.ready;
    for (let reads = 0; reads < 1000; reads++) read(memory);
    await new Promise(setImmediate);
    expect(questions()).toBe(1);
  });

  it('is asked for again once the interval is over', async () => {
    let answered = 0;
    const asked: (() => void)[] = [];
    const { memory, questions } = asking(0, async () => {
      asked.shift()?.();
      return { ...ANSWER, available: 300 - ++answered };
    });
    await memory.ready;
    const again = new Promise<void>((resolve) => asked.push(resolve));
    read(memory);
    await again;
    await new Promise(setImmediate);
    expect(questions()).toBe(2);
    expect(answered).toBe(2);
  });

  it('is not asked for a second time while a question hangs', async () => {
    let isFirst = true;
    const { memory, questions } = asking(0, () => {
      if (!isFirst) return new Promise(() => undefined);
      isFirst = false;
      return Promise.resolve(ANSWER);
    });
    await memory.ready;
    for (let reads = 0; reads < 100; reads++) read(memory);
    await new Promise(setImmediate);
    for (let reads = 0; reads < 100; reads++) read(memory);
    await new Promise(setImmediate);
    expect(questions()).toBe(2);
  });

  it.each([
    {
      what: 'is not installed',
      answer: () => Promise.reject(new Error('Cannot find module')),
      words: 'Cannot find module',
    },
    {
      what: 'lies',
      answer: () => Promise.resolve({ ...ANSWER, available: Number.NaN }),
      words: 'impossible answer: NaN of 1000 bytes available',
    },
    {
      what: 'says more than there is',
      answer: () => Promise.resolve({ ...ANSWER, available: 1001 }),
      words: 'impossible answer: 1001 of 1000 bytes available',
    },
  ])('comes from node:os when systeminformation $what', async ({ answer, words }) => {
    const { memory } = asking(5000, answer);
    await memory.ready;
    expectFromNode(read(memory));
    expect(memory.description).toBe(`node:os (systeminformation: ${words})`);
    expect(memory.facts()).toEqual({});
  });

  it('comes from node:os on a thread of the application, without a question', async () => {
    let questions = 0;
    const load = async () => ({
      async mem() {
        questions++;
        return ANSWER;
      },
    });
    const memory = new PortableMemory({ calmIntervalMs: 0, mayAsk: false, load });
    await memory.ready;
    expectFromNode(read(memory));
    await new Promise(setImmediate);
    expect(questions).toBe(0);
  });

  it('comes from node:os once the last answer is too old', async () => {
    let isFirst = true;
    const { memory } = asking(1, () => {
      if (!isFirst) return new Promise(() => undefined);
      isFirst = false;
      return Promise.resolve(ANSWER);
    });
    await memory.ready;
    const answeredMs = performance.now();
    while (performance.now() - answeredMs < 5);
    expectFromNode(read(memory));
  });
});
