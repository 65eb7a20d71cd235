import { isDeepStrictEqual } from 'node:util';
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
      if (!isDeepStrictEqual(options, {}) && !isDeepStrictEqual(options, shared.options)) warnOfOptions();
      return runtime;
    }
    if (place[KEY] === shared) delete place[KEY]; // else somebody was faster, and what he started is looked at next
  }
  const started: Shared = { runtime: startPressureRuntime(options), options: { ...options } };
  place[KEY] = started;
  return started.runtime;
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
