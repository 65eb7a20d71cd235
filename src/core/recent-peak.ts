/** The highest value of the last `memoryMs`, to within an eighth of that time; allocates nothing. Pure. */
export interface RecentPeak {
  /** @param nowMs may be earlier than before: what is older than the memory is not remembered. */
  add(nowMs: number, value: number): void;
  /** 0 while nothing is remembered. */
  value(nowMs: number): number;
}

const SLOTS = 8;

export function createRecentPeak(memoryMs: number): RecentPeak {
  const slotMs = memoryMs / SLOTS;
  const peaks = new Float64Array(SLOTS);
  let newest = 0;

  /** Clears the slots whose time has passed since the newest was written. */
  function advance(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs);
    const passed = Math.min(SLOTS, slot - newest);
    for (let step = 1; step <= passed; step++) peaks[(slot - passed + step) % SLOTS] = 0;
    newest = Math.max(newest, slot);
  }

  return {
    add(nowMs, value) {
      advance(nowMs);
      const slot = Math.floor(nowMs / slotMs);
      if (newest - slot < SLOTS) peaks[slot % SLOTS] = Math.max(peaks[slot % SLOTS] ?? 0, value);
    },
    value(nowMs) {
      advance(nowMs);
      let highest = 0;
      for (const peak of peaks) highest = Math.max(highest, peak);
      return highest;
    },
  };
}

/** Values are taken from this to keep the lowest of them as the highest. */
const CEILING = 2 ** 52;

/** The same for the lowest value; values are at most 2^52. Pure. */
export function createRecentLow(memoryMs: number): RecentPeak {
  const negated = createRecentPeak(memoryMs);
  return {
    add: (nowMs, value) => negated.add(nowMs, CEILING - value),
    value: (nowMs) => CEILING - negated.value(nowMs),
  };
}
