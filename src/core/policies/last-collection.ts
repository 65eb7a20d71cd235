/**
 * What a dear collection found dead is freed by other threads while this one goes on, and shows within this time: unless usage rises by more than
 * this share of the limit meanwhile, which is then others' doing.
 */
const RETURN_MS = 100;
const RETURN_RISE_SHARE = 0.01;

/** What a collection did not return says something for so long. */
const NO_USE_MS = 5000;

/** What came of the last collection, by the usage of one resource. Bytes; pure; fed with every sample. */
export interface LastCollection {
  /** @param collections how many there were until now. */
  add(nowMs: number, collections: number, usedBytes: number): void;
  /** Whether what it found dead may still be on its way back. */
  isReturning(nowMs: number, usedBytes: number, limitBytes: number): boolean;
  /** Whether usage is higher than before it: it returned less than came since. */
  wasNoUse(nowMs: number, usedBytes: number): boolean;
}

export function createLastCollection(): LastCollection {
  /** How many there were; Infinity: nobody has told yet. */
  let last = Number.POSITIVE_INFINITY;
  let seenMs = Number.NEGATIVE_INFINITY;
  /** Usage with the last sample, with the last before the collection was seen, and with the one that showed it. */
  let lastBytes = 0;
  let beforeBytes = 0;
  let seenBytes = 0;

  return {
    add(nowMs, collections, usedBytes) {
      if (collections > last) {
        seenMs = nowMs;
        beforeBytes = lastBytes;
        seenBytes = usedBytes;
      }
      last = collections;
      lastBytes = usedBytes;
    },
    isReturning(nowMs, usedBytes, limitBytes) {
      return nowMs - seenMs < RETURN_MS && usedBytes <= seenBytes + RETURN_RISE_SHARE * limitBytes;
    },
    wasNoUse(nowMs, usedBytes) {
      return nowMs - seenMs < NO_USE_MS && usedBytes > beforeBytes;
    },
  };
}
