import { describe, expect, it } from 'vitest';
import { createCadence } from '#src/core/cadence.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { Watch } from '#src/sampler/watch.js';
import { containerOf, sourcesOf } from '../support/sources.js';

const LIMIT_BYTES = 1e9;

/** Watches a container of 1 GB. @returns what tells the delay that is wanted, or that suspicion asks for, after a reading so many ms later than the last, in ms. */
function watchContainer(kind: 'wanted' | 'suspect' = 'wanted') {
  const { settings } = resolveOptions({ minIntervalMs: 10, updateIntervalMs: 1000 }, {});
  let usedBytes = 0;
  const sources = sourcesOf({ sources: [containerOf(LIMIT_BYTES, () => usedBytes)] });
  const watch = new Watch(createPage(), settings, sources, createCadence(settings));
  let nowUs = 1e6;
  return (ratio: number, afterMs: number) => {
    usedBytes = ratio * LIMIT_BYTES;
    nowUs += afterMs * 1e3;
    watch.read(nowUs, true, 10_000);
    return kind === 'wanted' ? watch.wantedMs : watch.suspectMs;
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
    look(0.81, 200); // it came to critical before
    expect(look(0.813, 10)).toBeGreaterThan(50);
    expect(look(0.823, 1000)).toBeGreaterThan(50);
  });
});

describe('usage that rises by a hundredth of the limit at once', () => {
  it('is followed on credit for half a second from warning on, though its growth is not known yet', () => {
    const look = watchContainer('suspect');
    for (let reading = 0; reading < 6; reading++) look(0.75, 100);
    expect(look(0.765, 100)).toBeLessThan(100);
    expect(look(0.765, 490)).toBeLessThan(100);
    expect(look(0.765, 20)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is looked at at the shortest interval for a tenth of a second, at warning', () => {
    const look = watchContainer();
    for (let reading = 0; reading < 6; reading++) look(0.75, 100);
    expect(look(0.756, 100)).toBeGreaterThan(40);
    expect(look(0.77, 100)).toBe(10);
    expect(look(0.77, 90)).toBe(10);
    expect(look(0.77, 20)).toBeGreaterThan(30);
  });

  it('is not, where it rose more slowly, or below warning', () => {
    const look = watchContainer('suspect');
    for (let reading = 0; reading < 6; reading++) look(0.75, 100);
    expect(look(0.765, 200)).toBe(Number.POSITIVE_INFINITY);
    const lookLow = watchContainer('suspect');
    for (let reading = 0; reading < 6; reading++) lookLow(0.5, 100);
    expect(lookLow(0.6, 100)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not needed for the crossing of critical to be followed', () => {
    const look = watchContainer('suspect');
    for (let reading = 0; reading < 6; reading++) look(0.795, 100);
    expect(look(0.8, 100)).toBe(10);
    expect(look(0.8, 600)).toBe(Number.POSITIVE_INFINITY);
  });
});
