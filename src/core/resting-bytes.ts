import { MIB } from './units.js';

/** A fall by this share of all that may be dead, and by no less than this, was a collection: V8's own tell nobody in a loop that does not turn. */
const FALLEN_SHARE = 0.25;
const LEAST_FALL_BYTES = 4 * MIB;

/** The lowest after so many collections in a row counts: what died while V8 marked is left to the next one. */
const COLLECTIONS = 3;

/**
 * What a thread holds beside its caches when nothing is dead: the least that was seen after the last collections. It rises with what the program
 * itself holds, which is not dead. Bytes; pure.
 */
export interface RestingBytes {
  /** To be called with every reading. @returns the part of `besideBytes` that is dead. */
  deadOf(besideBytes: number): number;
  /** Everything dead was collected just now: the next reading shows what is left. */
  collected(): void;
}

export function createRestingBytes(): RestingBytes {
  const lows = new Float64Array(COLLECTIONS).fill(Number.POSITIVE_INFINITY);
  let newest = 0;
  let highestBytes = 0;

  const leastBytes = () => Math.min(...lows);

  return {
    deadOf(besideBytes) {
      const fallenBytes = highestBytes - besideBytes;
      if (fallenBytes > Math.max(LEAST_FALL_BYTES, FALLEN_SHARE * (highestBytes - leastBytes()))) {
        newest = (newest + 1) % COLLECTIONS;
        lows[newest] = besideBytes;
        highestBytes = besideBytes;
      }
      highestBytes = Math.max(highestBytes, besideBytes);
      lows[newest] = Math.min(lows[newest] ?? besideBytes, besideBytes);
      return besideBytes - leastBytes();
    },
    collected() {
      lows.fill(Number.POSITIVE_INFINITY);
      highestBytes = 0;
    },
  };
}
