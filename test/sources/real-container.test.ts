import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ratioOf } from '#src/core/reading.js';
import { findMemoryController, Inhabitant, TestGroup } from './control-group.js';
import { temporaryDirectory } from './tree.js';

const MIB = 2 ** 20;
const LIMIT = 256 * MIB;

const controller = findMemoryController();
const groups: TestGroup[] = [];
const inhabitants: Inhabitant[] = [];

function makeGroup(): TestGroup {
  const group = TestGroup.under(controller.directory ?? '');
  groups.push(group);
  return group;
}

function makeChild(parent: TestGroup, name: string): TestGroup {
  const group = parent.child(name);
  groups.push(group);
  return group;
}

function live(group: TestGroup): Inhabitant {
  const inhabitant = new Inhabitant(group);
  inhabitants.push(inhabitant);
  return inhabitant;
}

afterEach(async () => {
  for (const inhabitant of inhabitants.splice(0)) await inhabitant.leave();
  for (const group of groups.splice(0).reverse()) group.remove();
});

/** A file of zeros; its pages are charged to the group of the process that wrote it, so it is punched into place without any. */
function sparseFile(bytes: number): string {
  const path = join(temporaryDirectory(), 'file');
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  writeSync(descriptor, 'end', bytes - 3);
  closeSync(descriptor);
  return path;
}

function expectWithin(share: number, actual: number, expected: number): void {
  expect(actual).toBeGreaterThan(expected * (1 - share));
  expect(actual).toBeLessThan(expected * (1 + share));
}

const skipped = controller.directory === null;

describe.skipIf(skipped)(
  `a process in a real control group${skipped ? ` (skipped: ${controller.reason})` : ''}`,
  () => {
    it('reads what the kernel says, within 1 %', async () => {
      const group = makeGroup();
      group.limit(LIMIT);
      const { reading } = await live(group).tell('hold 100');
      expect(reading).toMatchObject({ status: 'ok', limitBytes: group.number('limit_in_bytes') });
      const workingSetBytes = group.number('usage_in_bytes') - group.stat('total_inactive_file');
      expectWithin(0.01, reading.usedBytes, workingSetBytes);
      expect(workingSetBytes).toBeGreaterThan(100 * MIB);
    });

    it('does not take page cache for use, though it fills the group to the limit', async () => {
      const group = makeGroup();
      group.limit(LIMIT);
      const { reading } = await live(group).tell(`cache ${sparseFile(2 * LIMIT)}`);
      expect(group.number('max_usage_in_bytes')).toBeGreaterThan(0.99 * LIMIT);
      expect(group.number('usage_in_bytes')).toBeGreaterThan(0.5 * LIMIT);
      // The process itself holds up to 90 MiB of it.
      expect(ratioOf(reading)).toBeLessThan(0.5);
    });

    it('sees the limit of the parent, and all that is charged to it', async () => {
      const parent = makeGroup();
      const own = makeChild(parent, 'own');
      const neighbour = makeChild(parent, 'neighbour');
      parent.limit(LIMIT);
      await live(neighbour).tell('hold 80');
      const { reading, description } = await live(own).tell('hold 20');
      expect(reading).toMatchObject({ status: 'ok', limitBytes: LIMIT });
      expectWithin(0.01, reading.usedBytes, parent.number('usage_in_bytes') - parent.stat('total_inactive_file'));
      expect(reading.usedBytes).toBeGreaterThan(100 * MIB);
      expect(description).toMatch(/\/own, limited by .*spillway-test-\d+-\d+$/);
    });

    it('sees a limit that changes with the next reading', async () => {
      const group = makeGroup();
      const inhabitant = live(group);
      expect((await inhabitant.tell('hold 20')).reading.status).toBe('unlimited');
      group.limit(LIMIT);
      expect((await inhabitant.tell('read')).reading).toMatchObject({ status: 'ok', limitBytes: LIMIT });
      group.limit(2 * LIMIT);
      expect((await inhabitant.tell('read')).reading).toMatchObject({ status: 'ok', limitBytes: 2 * LIMIT });
      group.limit(-1);
      expect((await inhabitant.tell('read')).reading.status).toBe('unlimited');
    });

    it('is followed when it is moved to another group', async () => {
      const [from, to] = [makeGroup(), makeGroup()];
      from.limit(LIMIT);
      to.limit(2 * LIMIT);
      const inhabitant = live(from);
      expect((await inhabitant.tell('read')).reading.limitBytes).toBe(LIMIT);
      to.take(inhabitant);
      expect((await inhabitant.tell('read')).reading.limitBytes).toBe(2 * LIMIT);
    });

    it('counts how often the limit was hit', async () => {
      const group = makeGroup();
      group.limit(LIMIT);
      const { facts } = await live(group).tell(`cache ${sparseFile(2 * LIMIT)}`);
      expect(facts.limitHits).toBe(group.number('failcnt'));
      expect(facts.limitHits).toBeGreaterThan(0);
      expect(facts.oomKills).toBe(0);
    });
  },
);
