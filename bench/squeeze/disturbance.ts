import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIB } from '../../src/core/units.js';

/**
 * Other memory of the process that rises to half of the limit at so many MB/s, or as fast as the kernel hands out pages where that is less, and falls
 * again; page cache; or nothing.
 */
export type DisturbanceKind = 'none' | 'page-cache' | number;

/** Something beside the cache that uses memory; `advance` is called often, inside the synchronous loop. */
export interface Disturbance {
  /** @param progress of the run, 0 to 1. */
  advance(progress: number): void;
  end(): void;
}

const RISE_AT = 0.4;
const FALL_AT = 0.7;

export function createDisturbance(kind: DisturbanceKind, limitBytes: number): Disturbance {
  if (kind === 'none') return { advance: () => undefined, end: () => undefined };
  return kind === 'page-cache' ? createPageCache(limitBytes) : createBallast(kind * 1e6, limitBytes / 2);
}

/**
 * So much is taken between two looks at the caches at the most. Where the kernel hands pages out more slowly than the rate, taking all that is missing
 * would be one synchronous allocation up to the peak, which calls nothing of anybody's and kills whatever is beside it.
 */
const MOST_STEPS = 4;

/** Memory that no cache owns, allocated in steps of 1 MiB at the given rate, and let go all at once. */
function createBallast(bytesPerSecond: number, mostBytes: number): Disturbance {
  const ballast: Buffer[] = [];
  let startMs = 0;
  return {
    advance(progress) {
      if (progress >= FALL_AT) ballast.length = 0;
      else if (progress >= RISE_AT) {
        if (startMs === 0) startMs = performance.now();
        const wantedBytes = Math.min(mostBytes, ((performance.now() - startMs) / 1e3) * bytesPerSecond);
        for (let steps = 0; steps < MOST_STEPS && ballast.length * MIB < wantedBytes; steps++) {
          ballast.push(Buffer.allocUnsafeSlow(MIB).fill(1));
        }
      }
    },
    end() {
      ballast.length = 0;
    },
  };
}

/** A file of four times the limit, written bit by bit through the middle of the run. */
function createPageCache(limitBytes: number): Disturbance {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-squeeze-'));
  const file = openSync(join(directory, 'page-cache'), 'w');
  const block = Buffer.alloc(MIB, 1);
  const mostBytes = 4 * limitBytes;
  let writtenBytes = 0;
  return {
    advance(progress) {
      const wantedBytes = Math.min(1, Math.max(0, (progress - RISE_AT) / (FALL_AT - RISE_AT))) * mostBytes;
      while (writtenBytes < wantedBytes) writtenBytes += writeSync(file, block);
    },
    end() {
      closeSync(file);
      rmSync(directory, { recursive: true });
    },
  };
}
