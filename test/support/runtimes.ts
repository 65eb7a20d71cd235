import { afterEach } from 'vitest';
import { type PressureOptions, type PressureRuntime, startPressureRuntime } from '#src/index.js';

/** Readings of the machine that runs the tests play no part. */
export const NO_RESOURCES = { system: false, container: false, heap: false, process: false } as const;

const running = new Set<PressureRuntime>();

afterEach(async () => {
  await Promise.all([...running].map((pressure) => pressure.stop()));
  running.clear();
});

/** A runtime that sees only what a test injects, evicts only when asked, and is stopped when the test ends. */
export async function startQuiet(options: PressureOptions = {}): Promise<PressureRuntime> {
  const pressure = await startPressureRuntime({
    resources: NO_RESOURCES,
    autoEviction: false,
    collectGarbage: 'never',
    alerts: false,
    ...options,
  });
  running.add(pressure);
  return pressure;
}

/** The next payload of an event. */
export function next<T>(subscribe: (listener: (payload: T) => void) => unknown): Promise<T> {
  return new Promise((resolve) => subscribe(resolve));
}
