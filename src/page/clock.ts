/**
 * Microseconds on the one monotonic clock that all threads of the process share (uv_hrtime). It never goes back, whatever the
 * wall clock does. `performance.now()` will not do: its zero differs from thread to thread.
 */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}

export function monotonicMs(): number {
  return monotonicUs() / 1e3;
}
