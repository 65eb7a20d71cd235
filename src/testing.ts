import type { PressureState } from './core/state.js';
import type { InjectedReading } from './page/protocol.js';
import { type PressureRuntime, testAccessOf } from './runtime/pressure-runtime.js';

export type { InjectedReading } from './page/protocol.js';

/**
 * Replaces readings inside the sampler; resolves once a sample with them was published and its level change delivered.
 * @param readings one or several, by resource, in bytes; null puts the real readings back.
 * @throws SpillwayError ERR_SPILLWAY_ARGUMENT, ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_SAMPLER_FAILED
 */
export async function inject(
  pressure: PressureRuntime,
  readings: InjectedReading | readonly InjectedReading[] | null,
): Promise<void> {
  const list = readings === null ? null : Array.isArray(readings) ? readings : [readings];
  await testAccessOf(pressure).inject(list);
}

/** Takes a sample now. @returns the state that it published. @throws as `inject`. */
export async function sampleNow(pressure: PressureRuntime): Promise<PressureState> {
  return testAccessOf(pressure).sampleNow();
}
