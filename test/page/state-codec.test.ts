import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createPage, loadEpoch } from '#src/page/page.js';
import { emptyPublishedState, publishState, readLevel, readState } from '#src/page/state-codec.js';
import { fillState, isWhole } from '../support/counted-state.mjs';

const READS = 1e7;

describe('the published state', () => {
  it('is read as it was written', () => {
    const words = createPage();
    const written = emptyPublishedState();
    fillState(written, 123_457);
    written.stallSome = 0.25;
    written.stallFull = 0.125;
    publishState(words, written);
    const read = emptyPublishedState();
    expect(readState(words, read)).toBe(true);
    expect(read).toEqual(written);
    expect(readLevel(words)).toBe(written.level);
  });

  it('keeps every unknown value and null apart from numbers', () => {
    const words = createPage();
    const written = { ...emptyPublishedState(), cause: null, msToLimit: -1, stallSome: -1, stallFull: -1 };
    publishState(words, written);
    const read = emptyPublishedState();
    fillState(read, 5);
    readState(words, read);
    expect(read).toEqual(written);
  });

  it('keeps a day of interval, a week of lateness and a ratio of a thousand', () => {
    const words = createPage();
    const written = emptyPublishedState();
    written.intervalUs = 86_400e6;
    written.latenessUs = 7 * 86_400e6;
    written.worstLatenessUs = 7 * 86_400e6;
    const [resource] = written.resources;
    if (resource !== undefined) resource.ratio = 1000.000000000001;
    publishState(words, written);
    const read = emptyPublishedState();
    readState(words, read);
    expect(read).toEqual(written);
  });

  it('bumps the epoch with every publication', () => {
    const words = createPage();
    const before = loadEpoch(words);
    publishState(words, emptyPublishedState());
    publishState(words, emptyPublishedState());
    expect(loadEpoch(words)).toBe(before + 2);
  });

  it('survives the wrap of its version', () => {
    const words = createPage();
    const written = emptyPublishedState();
    const read = emptyPublishedState();
    words[9] = 2 ** 31 - 3; // HEADER.STATE_VERSION
    for (let count = 1; count < 8; count++) {
      fillState(written, count);
      publishState(words, written);
      expect(readState(words, read)).toBe(true);
      expect(read).toEqual(written);
    }
  });

  it(`is never torn in ${READS.toExponential(0)} reads while another thread publishes as fast as it can`, async () => {
    const words = createPage();
    const signals = new Int32Array(new SharedArrayBuffer(8));
    const publisher = new Worker(new URL('../support/publisher.mjs', import.meta.url), {
      workerData: { page: words.buffer, signals: signals.buffer },
    });
    const exited = once(publisher, 'exit');
    Atomics.wait(signals, 0, 0, 0);
    while (Atomics.load(signals, 0) === 0) await new Promise(setImmediate);
    const state = emptyPublishedState();
    let torn = 0;
    let given = 0;
    let seen = 0;
    let last = 0;
    for (let read = 0; read < READS; read++) {
      if (!readState(words, state)) {
        given++;
        continue;
      }
      if (!isWhole(state)) torn++;
      if (state.sampleCount !== last) seen++;
      if (state.sampleCount < last) torn++;
      last = state.sampleCount;
    }
    const published = Atomics.load(signals, 0);
    Atomics.store(signals, 1, 1);
    await exited;
    console.info(
      `${READS} reads of ${published} states: ${seen} different ones, ${given} reads without an answer, ${torn} torn`,
    );
    expect(torn).toBe(0);
    expect(given).toBe(0);
    expect(seen).toBeGreaterThan(1000);
    expect(last * 65537).toBeGreaterThan(2 ** 31);
  }, 300_000);
});
