/** Without a new sample for this many of its own intervals (at least `LEAST_SILENCE_US`) a sampler counts as stalled. */
const SILENT_INTERVALS = 5;
const LEAST_SILENCE_US = 1e6;

/**
 * Whether the last sample is so old that something must hold the sampler up. Pure.
 * @param sampledUs when the last sample was taken, monotonic µs; `intervalUs`: when the next one was meant to follow.
 */
export function isSilent(sampledUs: number, intervalUs: number, nowUs: number): boolean {
  return nowUs - sampledUs > Math.max(SILENT_INTERVALS * intervalUs, LEAST_SILENCE_US);
}
