import { describe, expect, it } from 'vitest';
import { createPolicy } from '#src/core/policies/create.js';
import { askForSample } from '#src/page/bell.js';
import { createPage } from '#src/page/page.js';
import { claimThread, publishThreadHeap } from '#src/page/thread-rows.js';
import { resolveOptions } from '#src/runtime/options.js';
import { AT_ONCE_MS, Sampler } from '#src/sampler/sampler.js';
import { sourcesOf } from '../support/sources.js';

/** A sampler of nothing but one heap of 100 bytes, 10 ms after its last sample. */
function watchHeap() {
  const words = createPage();
  const { row } = claimThread(words, 0, -1);
  const sources = sourcesOf();
  const { settings } = resolveOptions({ autoEviction: false }, {});
  let nowUs = 1e6;
  const sampler = new Sampler(
    words,
    settings,
    sources,
    createPolicy,
    () => undefined,
    () => nowUs,
  );
  const fill = (oldUsedBytes: number) => {
    publishThreadHeap(words, row, {
      publishedUs: nowUs,
      oldUsedBytes,
      oldLimitBytes: 100,
      heapUsedBytes: oldUsedBytes,
      externalBytes: 0,
    });
  };
  return {
    sample(usedBytes: number) {
      fill(usedBytes);
      sampler.sample(0, 0, true);
      nowUs += 10e3;
    },
    askWith(usedBytes: number) {
      fill(usedBytes);
      askForSample(words);
      return sampler.dueMs(nowUs / 1e3);
    },
  };
}

describe('a sample that a thread asks for', () => {
  it('waits for nothing where the heap has come to its end since the last one', () => {
    const { sample, askWith } = watchHeap();
    sample(94);
    expect(askWith(95)).toBe(AT_ONCE_MS);
  });

  it('waits a little where the heap has not, or was seen there already', () => {
    const { sample, askWith } = watchHeap();
    sample(50);
    expect(askWith(94)).toBe(1_020);
    sample(95);
    expect(askWith(99)).toBe(1_030);
  });
});
