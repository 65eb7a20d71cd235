import { beforeAll, describe, expect, it } from 'vitest';
import type { Level } from '#src/core/level.js';
import type { ResourceState } from '#src/core/state.js';
import { findKernelMachine, type KernelMachine, runInside } from './machine.js';

const MIB = 1024 * 1024;

/** As in `inside/cache-loop.mjs`. */
const ENTRY_BYTES = 256 * 1024;

/** What a runtime inside a group saw, beside what the kernel's own files said at that moment. */
interface Observation {
  readonly level: Level;
  readonly container: ResourceState | null;
  readonly health: string;
  readonly stall: { readonly some: number; readonly full: number } | null;
  readonly facts: Readonly<Record<string, number>> | null;
  readonly kernel: { readonly usageBytes: number; readonly workingSetBytes: number };
  readonly transitions: readonly unknown[];
}

/** How a process that fills a cache ended. */
interface CacheLoop {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Out-of-memory kills that the kernel counted in the group. */
  readonly kills: number;
  readonly result: { readonly entries: number; readonly mostSwapBytes: number } | null;
}

const machine = findKernelMachine();
const title = 'on a real kernel with control groups of version 2';

describe.skipIf(typeof machine === 'string')(typeof machine === 'string' ? `${title} (${machine})` : title, () => {
  const facts = new Map<string, unknown>();

  beforeAll(async () => {
    const { output, exitCode } = await runInside(machine as KernelMachine, 'main.mjs');
    for (const [, line = ''] of output.matchAll(/^@@fact (.*)$/gm)) {
      const { name, ...fact } = JSON.parse(line);
      facts.set(name, fact);
    }
    if (exitCode !== 0) throw new Error(`The scenarios ended with code ${exitCode}:\n${output}`);
  }, 300_000);

  const observations = (name: string): Observation[] => (facts.get(name) as { answers: Observation[] }).answers;
  const cacheLoop = (name: string): CacheLoop => facts.get(name) as CacheLoop;

  it.each([
    { name: 'leaf', limitMib: 200 },
    { name: 'parent', limitMib: 200 },
    { name: 'both, parent tighter', limitMib: 200 },
    { name: 'both, leaf tighter', limitMib: 150 },
  ])('reads the tightest limit and what it counts, within 1 % of the limit: $name', ({ name, limitMib }) => {
    for (const { container, kernel, health } of observations(name)) {
      expect(health).toBe('ok');
      expect(container?.limitBytes).toBe(limitMib * MIB);
      const differenceBytes = (container?.usedBytes ?? Number.NaN) - kernel.workingSetBytes;
      expect(Math.abs(differenceBytes)).toBeLessThan(0.01 * limitMib * MIB);
    }
  });

  it.each(['leaf', 'parent'])('sees what the process takes: %s', (name) => {
    const [before, after] = observations(name);
    const takenBytes = (after?.container?.usedBytes ?? Number.NaN) - (before?.container?.usedBytes ?? Number.NaN);
    expect(takenBytes / (50 * MIB)).toBeCloseTo(1, 0);
  });

  it('reports memory.high, and does not take it for the limit', () => {
    const [observation] = observations('memory.high');
    expect(observation?.container?.limitBytes).toBe(300 * MIB);
    expect(observation?.facts?.highBytes).toBe(150 * MIB);
  });

  it('has no container where no group is limited', () => {
    expect(observations('no limit')).toMatchObject([{ container: null, level: 'normal', health: 'ok' }]);
  });

  it('raises no level for page cache that fills the limit', () => {
    for (const { level, container, kernel, transitions } of observations('page cache')) {
      expect(kernel.usageBytes).toBeGreaterThan(190 * MIB);
      expect(container?.usedBytes).toBeLessThan(60 * MIB);
      expect(level).toBe('normal');
      expect(transitions).toEqual([]);
    }
  });

  it('sees a limit that is raised while it runs, with the next sample', () => {
    expect(observations('limit raised').map(({ container }) => container?.limitBytes)).toEqual([200 * MIB, 400 * MIB]);
  });

  it('reads the stall of the own group', () => {
    expect(observations('leaf')[0]?.stall).toMatchObject({ some: expect.any(Number), full: expect.any(Number) });
    expect(observations('page cache').some(({ stall }) => (stall?.some ?? 0) > 0)).toBe(true);
  });

  it('keeps a cache loop alive that the kernel kills without it', () => {
    expect(cacheLoop('cache loop alone')).toMatchObject({ signal: 'SIGKILL', kills: 1 });
    const guarded = cacheLoop('cache loop with spillway');
    expect(guarded).toMatchObject({ exitCode: 0, kills: 0 });
    expect(guarded.result?.entries).toBeGreaterThan(0);
    expect(guarded.result?.entries).toBeLessThan((200 * MIB) / ENTRY_BYTES); // 600 MiB were put: by rounds or by the cap, the others went
  });

  it('keeps it alive also where there is swap, which delays the death of the other', () => {
    expect(cacheLoop('cache loop alone, swap')).toMatchObject({ signal: 'SIGKILL', kills: 1 });
    const guarded = cacheLoop('cache loop with spillway, swap');
    expect(guarded).toMatchObject({ exitCode: 0, kills: 0 });
    expect(guarded.result?.mostSwapBytes).toBeLessThan(50 * MIB);
  });
});
