import { describe, expect, it } from 'vitest';
import { decisionFault, hold } from '#src/core/eviction-policy.js';

const decision = hold('for people', null, null);

describe('what is wrong with a decision', () => {
  it.each([
    decision,
    { ...decision, evictBytes: 10, collect: 'ifDue', capBytes: 0, paceBytes: 1.5 },
    { ...decision, collect: 'always', resource: 'container', inHeap: true },
  ])('is nothing: %j', (sound) => {
    expect(decisionFault(sound)).toBeNull();
  });

  it.each([
    [null, 'an object'],
    [{ ...decision, evictBytes: -1 }, 'evictBytes'],
    [{ ...decision, evictBytes: Number.NaN }, 'evictBytes'],
    [{ ...decision, collect: 'soon' }, 'collect'],
    [{ ...decision, capBytes: Number.POSITIVE_INFINITY }, 'capBytes'],
    [{ ...decision, paceBytes: undefined }, 'paceBytes'],
    [{ ...decision, resource: 'disk' }, 'resource'],
    [{ ...decision, resource: null }, 'resource'],
    [{ ...decision, inHeap: 1 }, 'inHeap'],
  ])('is said with its name: %j', (wrong, name) => {
    expect(decisionFault(wrong)).toContain(name);
  });
});
