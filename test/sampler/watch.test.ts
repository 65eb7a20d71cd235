import { describe, expect, it } from 'vitest';
import { createCadence } from '#src/core/cadence.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Watch } from '#src/sampler/watch.js';
import { containerOf, sourcesOf } from '../support/sources.js';

const LIMIT_BYTES = 1e9;

/** Watches a container of 1 GB. @returns what tells the delay that is wanted after a reading so many ms later than the last, in ms. */
function watchContainer() {
  const { settings } = resolveOptions({ minIntervalMs: 10, updateIntervalMs: 1000 }, {});
  let usedBytes = 0;
  const sources = sourcesOf({ sources: [containerOf(LIMIT_BYTES, () => usedBytes)] });
  const watch = new Watch(createPage(), settings, sources, createCadence(settings));
  let nowUs = 1e6;
  return (ratio: number, afterMs: number) => {
    usedBytes = ratio * LIMIT_BYTES;
    nowUs += afterMs * 1e3;
    watch.read(nowUs, true, 10_000);
    return watch.wantedMs;
  };
}

describe('usage at critical', () => {
  it('is looked at at the shortest interval for a tenth of a second after it rose suddenly, and no longer', () => {
    const look = watchContainer();
    look(0.81, 0);
    expect(look(0.81, 1000)).toBeGreaterThan(50);
    expect(look(0.816, 10)).toBe(10);
    expect(look(0.816, 50)).toBe(10);
    expect(look(0.816, 60)).toBeGreaterThan(50);
  });

  it('is not looked at more often for what rises slowly, however far', () => {
    const look = watchContainer();
    look(0.81, 0);
    expect(look(0.813, 10)).toBeGreaterThan(50);
    expect(look(0.823, 1000)).toBeGreaterThan(50);
  });
});
