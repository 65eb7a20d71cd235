import { expect, it } from 'vitest';
import { createPolicy } from '#src/core/policies/create.js';
import { setOk } from '#src/core/reading.js';
import { createPage } from '#src/page/page.js';
import { emptyPublishedState, readState } from '#src/page/state-codec.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Sampler } from '#src/sampler/sampler.js';
import { sourceOf, sourcesOf } from '../support/sources.js';

/** A process near its limit, whose resident set is read with each sample in 10 ms. */
function watchProcess() {
  let nowMs = 1000;
  let rssBytes = 880;
  let seenRssBytes = 0;
  const source = sourceOf('process', (reading) => {
    seenRssBytes = rssBytes;
    setOk(reading, rssBytes, 1000);
  });
  const sources = sourcesOf({ sources: [source], rssBytes: () => rssBytes, seenRssBytes: () => seenRssBytes });
  const words = createPage();
  const { settings } = resolveOptions({ autoEviction: false }, {});
  const sampler = new Sampler(
    words,
    settings,
    sources,
    createPolicy,
    () => undefined,
    () => nowMs * 1e3,
  );
  const state = emptyPublishedState();
  return {
    sampler,
    /** @returns the resident set that the state shows after a sample at that time. */
    shownAt(atMs: number, bytes: number): number {
      nowMs = atMs;
      rssBytes = bytes;
      sampler.sample(0, 0, false);
      readState(words, state);
      return state.rssBytes;
    },
  };
}

it('the resident set is shown as new as the process was read', () => {
  const { shownAt } = watchProcess();
  expect([shownAt(1000, 880), shownAt(1010, 890), shownAt(1020, 870)]).toEqual([880, 890, 870]);
});

it('the resident set is still the real one while a test says what the process uses', () => {
  const { sampler, shownAt } = watchProcess();
  sampler.inject([{ resource: 'process', usedBytes: 10, limitBytes: 1000 }]);
  expect([shownAt(1000, 880), shownAt(1010, 890), shownAt(1100, 870)]).toEqual([880, 880, 870]);
});
