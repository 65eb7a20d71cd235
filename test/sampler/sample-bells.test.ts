import { expect, it } from 'vitest';
import { loadBell } from '#src/page/bell.js';
import { createPage } from '#src/page/page.js';
import { claimThread, storeSampleDistance } from '#src/page/thread-rows.js';
import { SampleBells } from '#src/sampler/sample-bells.js';

it('wakes each thread as often as it wants to hear of samples, and with those that somebody asked for', () => {
  const words = createPage();
  const rows = [1, 2, 3].map((threadId) => claimThread(words, threadId, -1).row);
  for (const [index, distanceMs] of [0, 1, 100].entries()) storeSampleDistance(words, rows[index] ?? -1, distanceMs);
  const before = rows.map((row) => loadBell(words, row));
  const rung = () => rows.map((row, index) => loadBell(words, row) - (before[index] ?? 0));
  const bells = new SampleBells(words);
  for (let nowMs = 1000; nowMs < 1300; nowMs += 10) bells.ring(nowMs, false);
  expect(rung()).toEqual([0, 30, 3]);
  bells.ring(1310, true);
  expect(rung()).toEqual([0, 31, 4]);
  bells.ring(1400, false);
  expect(rung(), 'the distance is that from the last one').toEqual([0, 32, 4]);
});
