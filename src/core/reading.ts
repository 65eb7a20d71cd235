/**
 * One reading of one resource, filled in place so that sampling allocates nothing in the steady state.
 * `ok`: `usedBytes` of `limitBytes`; `unlimited`: nothing here can kill (`limitBytes` is 0 and means nothing);
 * `unavailable`: neither number means anything, `reason` says why.
 */
export interface Reading {
  status: 'ok' | 'unlimited' | 'unavailable';
  usedBytes: number;
  limitBytes: number;
  reason: string;
}

export function emptyReading(): Reading {
  return { status: 'unavailable', usedBytes: 0, limitBytes: 0, reason: 'not read yet' };
}

export function setOk(reading: Reading, usedBytes: number, limitBytes: number): void {
  reading.status = 'ok';
  reading.usedBytes = usedBytes;
  reading.limitBytes = limitBytes;
  reading.reason = '';
}

export function setUnlimited(reading: Reading, usedBytes: number): void {
  reading.status = 'unlimited';
  reading.usedBytes = usedBytes;
  reading.limitBytes = 0;
  reading.reason = '';
}

export function setUnavailable(reading: Reading, reason: string): void {
  reading.status = 'unavailable';
  reading.usedBytes = 0;
  reading.limitBytes = 0;
  reading.reason = reason;
}

/**
 * Turns a reading that cannot be true into an unavailable one: use that is NaN, negative, infinite or beyond 2^53, a limit that
 * is not positive or beyond 2^53. Everything that classifies or forecasts sees readings only after this check.
 */
export function rejectImpossible(reading: Reading): void {
  if (reading.status === 'unavailable') return;
  if (!(reading.usedBytes >= 0 && reading.usedBytes <= Number.MAX_SAFE_INTEGER)) {
    setUnavailable(reading, `impossible use of ${reading.usedBytes} bytes`);
  } else if (reading.status === 'ok' && !(reading.limitBytes > 0 && reading.limitBytes <= Number.MAX_SAFE_INTEGER)) {
    setUnavailable(reading, `impossible limit of ${reading.limitBytes} bytes`);
  }
}

/** Used over limit, in [0, 1+). Meaningful only for a reading that is `ok`. */
export function ratioOf(reading: Reading): number {
  return reading.usedBytes / reading.limitBytes;
}

/**
 * Something that can be read. Runs on the sampler thread. `readInto` never throws: what fails is `unavailable` with a reason.
 * `facts` are counters and limits worth showing but not worth a level (memory.high, oom kills, swap), by name, in the unit
 * that the name carries.
 */
export interface Source {
  readonly resource: 'system' | 'container' | 'process';
  readonly description: string;
  /** True when a reading costs so much (a spawned process) that it must never be taken faster than the calm cadence. */
  readonly slow: boolean;
  readInto(reading: Reading): void;
  facts(): Readonly<Record<string, number>>;
  close(): void;
}
