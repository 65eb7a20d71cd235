import type { PressureOptions } from '../../src/index.js';
import type { DisturbanceKind } from './disturbance.js';
import { MATERIALS } from './materials.js';
import type { WorkloadOptions } from './workload.js';

/** One situation in which all contestants meet. */
export interface Cell {
  readonly name: string;
  readonly disturbed: boolean;
  /** What every contestant has in common. */
  readonly base: Omit<WorkloadOptions, 'protection' | 'staticMib' | 'seed' | 'pressure'>;
  /** A miss costs much more than an entry's making. */
  readonly expensive: boolean;
}

/** Thresholds of the second row of each cell. */
export const TIGHT: PressureOptions = { thresholds: { warning: 0.85, critical: 0.92, emergency: 0.97 } };

const LIMIT_MIB = 512;

/** Operations that take a run to a few seconds, by material: large entries take longer to make. */
const OPERATIONS: Readonly<Record<string, number>> = {
  objects: 400_000,
  '4KiB': 3_000_000,
  '16KiB': 1_200_000,
  '64KiB': 600_000,
  '256KiB': 300_000,
  '1MiB': 100_000,
  strings: 500_000,
  mixed: 300_000,
};

/** What rises and falls needs time to do so, and to recover from: 256 MiB at 100 MB/s are 2.7 s, or three tenths of a run of 9 s. */
const DISTURBED_LONGER = 2;
const SLOWLY_DISTURBED_LONGER = 3;

/** A miss of 2 ms is a decoded frame; so few operations still go several times through the working set. */
const EXPENSIVE_MISS_US = 2000;
const EXPENSIVE_OPERATIONS = 12_000;

function cell(material: string, loop: 'sync' | 'async', disturbance: DisturbanceKind, missUs = 0): Cell {
  const what = typeof disturbance === 'number' ? `other memory at ${disturbance} MB/s` : disturbance;
  const disturbedLonger = disturbance === 100 ? SLOWLY_DISTURBED_LONGER : DISTURBED_LONGER;
  const longer = disturbance === 'none' ? 1 : disturbedLonger;
  const parts = [material, loop, disturbance === 'none' ? '' : what, missUs > 0 ? 'expensive misses' : ''];
  return {
    name: parts.filter((part) => part !== '').join(', '),
    disturbed: disturbance !== 'none',
    expensive: missUs > 0,
    base: {
      material,
      loop,
      disturbance,
      limitMib: LIMIT_MIB,
      workingSetMib: 3 * LIMIT_MIB,
      exponent: 0.8,
      operations: missUs > 0 ? EXPENSIVE_OPERATIONS : longer * (OPERATIONS[material] ?? 300_000),
      missUs,
    },
  };
}

/** Undisturbed: every material on both loops; disturbed: three materials on both; expensive misses: two sizes. */
export function fullCells(): Cell[] {
  const materials = MATERIALS.map(({ name }) => name);
  const loops = ['sync', 'async'] as const;
  return [
    ...loops.flatMap((loop) => materials.map((material) => cell(material, loop, 'none'))),
    ...['64KiB', '256KiB'].map((material) => cell(material, 'sync', 'none', EXPENSIVE_MISS_US)),
    ...loops.flatMap((loop) =>
      ['objects', '64KiB', '256KiB'].flatMap((material) =>
        ([100, 500, 1000, 'page-cache'] as const).map((disturbance) => cell(material, loop, disturbance)),
      ),
    ),
  ];
}

export function quickCells(): Cell[] {
  return [
    cell('objects', 'sync', 'none'),
    cell('16KiB', 'sync', 'none'),
    cell('64KiB', 'async', 'none'),
    cell('256KiB', 'sync', 'none'),
    cell('64KiB', 'sync', 'none', EXPENSIVE_MISS_US),
    cell('64KiB', 'sync', 500),
    cell('256KiB', 'sync', 'page-cache'),
  ];
}
