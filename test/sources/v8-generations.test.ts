import { describe, expect, it } from 'vitest';
import { deduceYoungBytes, type HeapConfiguration } from '#src/sources/v8-generations.js';

const MIB = 2 ** 20;
const GIB = 1024;

/**
 * What real Node said: `heap_size_limit` with these flags, in a control group with this much memory. The old generation is the
 * one that the flag gave, or the one that `resourceLimits` of a worker reported as the default.
 */
const MEASURED: readonly [
  v8Major: number,
  memoryMib: number,
  flags: string,
  heapLimitMib: number,
  oldMib: number,
  youngMib?: number,
][] = [
  // no flags, by memory: Node 20, 24, 26
  [11, 24 * GIB, '', 4144, 4096],
  [13, 24 * GIB, '', 4288, 4096],
  [14, 24 * GIB, '', 4192, 4096],
  [11, 8 * GIB, '', 2096, 2048],
  [13, 8 * GIB, '', 2240, 2048],
  [14, 8 * GIB, '', 2144, 2048],
  [11, 3 * GIB, '', 1584, 1536],
  [13, 3 * GIB, '', 1728, 1536],
  [14, 3 * GIB, '', 1632, 1536],
  [11, 1300, '', 674, 650],
  [13, 1300, '', 746, 650],
  [14, 1300, '', 698, 650],
  [11, 700, '', 362, 350],
  [13, 700, '', 398, 350],
  [14, 700, '', 374, 350],
  [11, 256, '', 259, 256],
  [13, 256, '', 259, 256],
  [14, 256, '', 262, 256],
  [14, 100, '', 262, 256],
  // the old generation is given
  [11, 24 * GIB, '--max-old-space-size=256', 304, 256],
  [13, 24 * GIB, '--max-old-space-size=256', 448, 256],
  [14, 24 * GIB, '--max_old_space_size=256', 352, 256],
  [13, 1024, '--max-old-space-size=100', 148, 100],
  [11, 24 * GIB, '--max-old-space-size=99 --max-old-space-size=120', 168, 120],
  [11, 24 * GIB, '--max-heap-size=500 --max-old-space-size=300', 684, 300],
  [11, 24 * GIB, '--max-old-space-size=300 --max-semi-space-size=20', 396, 300],
  // the semi-space is given, and rounded up to a power of two
  [11, 24 * GIB, '--max-semi-space-size=1', 4099, 4096],
  [13, 24 * GIB, '--max-semi-space-size=3', 4108, 4096],
  [14, 24 * GIB, '--max-semi-space-size=24', 4192, 4096],
  [11, 24 * GIB, '--max-semi-space-size=100', 4480, 4096],
  [13, 24 * GIB, '--max-heap-size=500 --max-semi-space-size=20', 500, 404],
  // a share of the memory, which overrides the size
  [12, 24105, '--max-old-space-size-percentage=10', 2458, 2410],
  [13, 24105, '--max-old-space-size-percentage=10', 2602, 2410],
  [14, 24105, '--max-old-space-size-percentage=50', 12148, 12052],
  [13, 24105, '--max-old-space-size=100 --max-old-space-size-percentage=10', 2602, 2410],
  // the whole heap: the old generation was measured by growing it until it died
  [11, 24 * GIB, '--max-heap-size=64', 64, 61],
  [13, 24 * GIB, '--max-heap-size=64', 64, 61],
  [14, 24 * GIB, '--max-heap-size=64', 64, 58],
  [11, 24 * GIB, '--max-heap-size=256', 256, 253],
  [13, 24 * GIB, '--max-heap-size=256', 256, 253],
  [14, 24 * GIB, '--max-heap-size=256', 256, 232],
  [11, 24 * GIB, '--max-heap-size=400', 400, 388],
  [13, 24 * GIB, '--max-heap-size=400', 400, 352],
  [14, 24 * GIB, '--max-heap-size=400', 400, 352],
  [11, 24 * GIB, '--max-heap-size=800', 800, 776],
  [13, 24 * GIB, '--max-heap-size=800', 800, 704],
  [14, 24 * GIB, '--max-heap-size=800', 800, 704],
  // a worker: what resourceLimits say, unless a flag overrides it
  [11, 24 * GIB, '', 22, 16, 4],
  [13, 24 * GIB, '', 112, 64, 32],
  [11, 24 * GIB, '', 112, 64, 48],
  [13, 24 * GIB, '', 4288, 4096, 192],
  [14, 700, '', 374, 350, 16.5],
  [13, 24 * GIB, '--max-old-space-size=256', 448, 256, 192],
  [13, 24 * GIB, '--max-semi-space-size=8', 4120, 4096, 192],
];

function configuration(v8Major: number, memoryMib: number, flags: string, heapLimitMib: number, youngMib?: number) {
  return {
    v8Major,
    memoryBytes: memoryMib * MIB,
    flags: ['--expose-gc', ...flags.split(' '), '-e'],
    heapLimitBytes: heapLimitMib * MIB,
    workerYoungMib: youngMib ?? null,
  } satisfies HeapConfiguration;
}

describe('the old generation', () => {
  it.each(MEASURED)(
    'of V8 %i with %i MiB of memory and "%s" is what is left of %i MiB: %i',
    (v8Major, memoryMib, flags, heapLimitMib, oldMib, youngMib) => {
      const youngBytes = deduceYoungBytes(configuration(v8Major, memoryMib, flags, heapLimitMib, youngMib));
      expect(Math.round((heapLimitMib * MIB - youngBytes) / MIB)).toBe(oldMib);
    },
  );

  it('does not come from a flag of 0, which V8 takes for none', () => {
    const withZero = configuration(11, 24 * GIB, '--max-old-space-size=0 --max-semi-space-size=0', 4144);
    expect(deduceYoungBytes(withZero)).toBe(48 * MIB);
  });
});
