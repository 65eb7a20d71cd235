/** Memory that rises at a steady rate, stays, and falls again, or stays for ever. Ms, bytes. */
export interface Pulse {
  readonly startMs: number;
  readonly peakBytes: number;
  readonly riseBytesPerMs: number;
  /** How long it stays at its peak; Infinity: it never falls. */
  readonly holdMs: number;
  readonly fallBytesPerMs: number;
}

/** Bytes at a moment. Pure. */
export function pulseAt({ startMs, peakBytes, riseBytesPerMs, holdMs, fallBytesPerMs }: Pulse, atMs: number): number {
  const risenBytes = Math.max(0, atMs - startMs) * riseBytesPerMs;
  if (risenBytes < peakBytes) return risenBytes;
  const fallenMs = atMs - startMs - peakBytes / riseBytesPerMs - holdMs;
  return Math.max(0, peakBytes - Math.max(0, fallenMs) * fallBytesPerMs);
}

/** All of them at a moment. Pure. */
export function pulsesAt(pulses: readonly Pulse[], atMs: number): number {
  let bytes = 0;
  for (const pulse of pulses) bytes += pulseAt(pulse, atMs);
  return bytes;
}
