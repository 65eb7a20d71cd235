import { createTrend } from './trend.js';

/**
 * Tells the rising side of a sawtooth from a ramp. Collections make the usage of a healthy process fall again and again: a rise no
 * larger than the falls that ended earlier rises is one that the next collection takes back, and what really grows is the floor
 * that the falls come down to.
 */
export interface Sawtooth {
  /** @param noiseBytes a fall or rise that is not larger means nothing. */
  add(atMs: number, usedBytes: number, noiseBytes: number): void;
  /** Whether the present rise is within the noise, or within what earlier falls took back. */
  isUsualRise(): boolean;
  /** Slope of the floor, bytes per millisecond; 0 while fewer than three falls came down to it. */
  floorSlopePerMs(): number;
  clear(): void;
}

/** Falls older than this say nothing about the present rise: major collections of a busy heap come every few seconds. */
const FALL_MEMORY_MS = 120_000;

/** How far a rise may pass the largest fall: collections do not come at the same height each time. */
const RISE_ALLOWANCE = 1.25;

const FALLS_KEPT = 8;

/** One point of the floor for at least this long a time, so that 32 of them hold a minute of however short teeth. */
const FLOOR_SPAN_MS = 2_000;
const FLOOR_POINTS = 32;
const FLOOR_POINTS_NEEDED = 3;

export function createSawtooth(): Sawtooth {
  const fallBytes = new Float64Array(FALLS_KEPT);
  const fallAtMs = new Float64Array(FALLS_KEPT);
  const floor = createTrend(FLOOR_POINTS);
  let nextFall = 0;
  let isFalling = false;
  let peakBytes = Number.NaN;
  let troughBytes = Number.NaN;
  let riseBytes = 0;
  let noiseBytes = 0;
  let nowMs = 0;
  let floorPerMs = 0;
  let floorPoints = 0;
  let spanStartMs = 0;
  let lowMs = 0;
  let lowBytes = Number.POSITIVE_INFINITY;

  function largestFallBytes(): number {
    let largest = 0;
    for (let index = 0; index < FALLS_KEPT; index++) {
      const isFresh = nowMs - (fallAtMs[index] ?? 0) <= FALL_MEMORY_MS;
      if (isFresh) largest = Math.max(largest, fallBytes[index] ?? 0);
    }
    return largest;
  }

  /** The fall that is going on counts from its first sample on, so its entry is rewritten while it deepens. */
  function deepenFall(usedBytes: number): void {
    isFalling = true;
    troughBytes = usedBytes;
    fallBytes[nextFall] = peakBytes - usedBytes;
    fallAtMs[nextFall] = nowMs;
    if (usedBytes < lowBytes) {
      lowBytes = usedBytes;
      lowMs = nowMs;
    }
  }

  function endFall(usedBytes: number): void {
    isFalling = false;
    peakBytes = usedBytes;
    nextFall = (nextFall + 1) % FALLS_KEPT;
    if (nowMs - spanStartMs < FLOOR_SPAN_MS) return;
    floor.add(lowMs, lowBytes);
    floorPoints++;
    floorPerMs = floorPoints < FLOOR_POINTS_NEEDED ? 0 : floor.slopePerMs();
    spanStartMs = nowMs;
    lowBytes = Number.POSITIVE_INFINITY;
  }

  function start(usedBytes: number): void {
    peakBytes = usedBytes;
    troughBytes = usedBytes;
    spanStartMs = nowMs;
  }

  return {
    add(atMs, usedBytes, newNoiseBytes) {
      nowMs = atMs;
      noiseBytes = newNoiseBytes;
      if (Number.isNaN(peakBytes)) start(usedBytes);
      if (isFalling) {
        if (usedBytes < troughBytes) deepenFall(usedBytes);
        else if (usedBytes > troughBytes + noiseBytes) endFall(usedBytes);
      } else if (usedBytes > peakBytes) peakBytes = usedBytes;
      else if (usedBytes < peakBytes - noiseBytes) deepenFall(usedBytes);
      riseBytes = usedBytes - troughBytes;
    },
    isUsualRise: () => riseBytes <= Math.max(noiseBytes, largestFallBytes() * RISE_ALLOWANCE),
    floorSlopePerMs: () => floorPerMs,
    clear() {
      floor.clear();
      fallBytes.fill(0);
      nextFall = 0;
      isFalling = false;
      peakBytes = Number.NaN;
      riseBytes = 0;
      floorPerMs = 0;
      floorPoints = 0;
      lowBytes = Number.POSITIVE_INFINITY;
    },
  };
}
