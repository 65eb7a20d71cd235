import { describe, expect, it } from 'vitest';
import { ratioOf } from '#src/core/reading.js';
import { ok, readTree, recordedTree, unlimited } from './tree.js';

const MIB = 2 ** 20;

/** What the recorded files say, worked out by hand: each `used` is usage - inactive_file or anon, whichever is more. */
const CONTAINERS = [
  { tree: 'v1-leaf', usedBytes: 208670720 - 98570240, limitBytes: 200 * MIB, ratio: 0.525 },
  { tree: 'v1-parent-limited', usedBytes: 122105856 - 4096, limitBytes: 256 * MIB, ratio: 0.4549 },
  { tree: 'hybrid', usedBytes: 170450944 - 98570240, limitBytes: 200 * MIB, ratio: 0.3428 },
  { tree: 'v2-leaf', usedBytes: 73142272, limitBytes: 200 * MIB, ratio: 0.3488 },
  { tree: 'v2-parent-limited', usedBytes: 124522496, limitBytes: 256 * MIB, ratio: 0.4639 },
  { tree: 'v2-high', usedBytes: 72871936, limitBytes: 200 * MIB, ratio: 0.3475 },
  { tree: 'v2-namespaced', usedBytes: 61034496, limitBytes: 220 * MIB, ratio: 0.2646 },
  { tree: 'v2-above-namespace', usedBytes: 62857216, limitBytes: 190 * MIB, ratio: 0.3155 },
];

describe('a container in a recorded tree', () => {
  it.each(CONTAINERS)('$tree uses $usedBytes of $limitBytes bytes', async ({ tree, usedBytes, limitBytes, ratio }) => {
    const { container, missing } = await readTree(recordedTree(tree));
    expect(container).toEqual(ok(usedBytes, limitBytes));
    expect(container === null ? null : ratioOf(container)).toBeCloseTo(ratio, 4);
    expect(missing).toEqual([]);
  });

  it.each([
    { tree: 'v1-no-limit', usedBytes: 29184000 - 4096 },
    { tree: 'v2-no-limit', usedBytes: 30662656 },
    { tree: 'v2-root', usedBytes: 0 },
  ])('$tree has no limit', async ({ tree, usedBytes }) => {
    expect((await readTree(recordedTree(tree))).container).toEqual(unlimited(usedBytes));
  });

  it('names the group and the ancestor that limits it', async () => {
    expect((await readTree(recordedTree('v1-leaf'))).descriptions.container).toBe('cgroup v1 /app');
    expect((await readTree(recordedTree('v2-parent-limited'))).descriptions.container).toBe(
      'cgroup v2 /kubepods/pod1/ctr, limited by /kubepods/pod1',
    );
    expect((await readTree(recordedTree('v2-namespaced'))).descriptions.container).toBe('cgroup v2 /');
  });

  it('shows memory.high and the event counters as facts, not as the limit', async () => {
    expect((await readTree(recordedTree('v2-high'))).facts.container).toEqual({
      highBytes: 150 * MIB,
      swapBytes: 0,
      lowEvents: 0,
      highEvents: 0,
      maxEvents: 0,
      oomEvents: 0,
      oomKills: 0,
    });
    expect((await readTree(recordedTree('v1-leaf'))).facts.container).toEqual({ limitHits: 517, oomKills: 0 });
  });
});

describe('the machine and the process in a recorded tree', () => {
  it('counts what is not available of all memory as used', async () => {
    expect((await readTree(recordedTree('v2-leaf'))).system).toEqual(ok((2027036 - 1727968) * 1024, 2027036 * 1024));
  });

  it('counts the resident set against the own limit', async () => {
    expect((await readTree(recordedTree('v2-leaf'), 200 * MIB)).process).toEqual(ok(26164 * 4096, 200 * MIB));
  });

  it('has a process without a limit while nothing limits it', async () => {
    expect((await readTree(recordedTree('v2-leaf'))).process).toEqual(unlimited(26164 * 4096));
  });

  it('knows that nothing stalls', async () => {
    expect((await readTree(recordedTree('v2-leaf'))).stall).toEqual({ some: 0, full: 0 });
  });
});
