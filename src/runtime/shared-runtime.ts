import type { PressureOptions } from './options.js';
import { type PressureRuntime, startPressureRuntime } from './pressure-runtime.js';

/** Where every copy of the package in the process looks for the one runtime. The number is the shape's version. */
const KEY = Symbol.for('spillway.shared-runtime.1');

interface Shared {
  readonly runtime: Promise<PressureRuntime>;
  readonly options: PressureOptions;
}

/**
 * The one runtime of the process, also across duplicate installs of the package: the first caller's options hold; different
 * later ones raise a process warning `SPILLWAY_SHARED_OPTIONS`. Once it was stopped, or could not be started, the next call starts a new one.
 * @throws as `startPressureRuntime`.
 */
export async function sharedPressureRuntime(options: PressureOptions = {}): Promise<PressureRuntime> {
  const place = globalThis as { [KEY]?: Shared };
  for (let shared = place[KEY]; shared !== undefined; shared = place[KEY]) {
    const runtime = await shared.runtime.catch(() => null); // its own caller was told why it did not start
    if (runtime !== null && runtime.state.health !== 'stopped') {
      if (Object.keys(options).length > 0 && !(await areEqual(options, shared.options))) warnOfOptions();
      return runtime;
    }
    if (place[KEY] === shared) delete place[KEY]; // else somebody was faster, and what he started is looked at next
  }
  const started: Shared = { runtime: startPressureRuntime(options), options: { ...options } };
  place[KEY] = started;
  return started.runtime;
}

async function areEqual(options: PressureOptions, others: PressureOptions): Promise<boolean> {
  const { isDeepStrictEqual } = await import('node:util'); // as a whole it is a tenth of a megabyte, which few need
  return isDeepStrictEqual(options, others);
}

let warned = false;

function warnOfOptions(): void {
  if (warned) return;
  warned = true;
  process.emitWarning('The shared runtime runs already with other options; these were not taken over', {
    type: 'SpillwayWarning',
    code: 'SPILLWAY_SHARED_OPTIONS',
  });
}
