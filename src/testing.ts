import { describeValue, SpillwayError } from './core/errors.js';
import { isResource, RESOURCES } from './core/resource.js';
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
  const list: readonly InjectedReading[] | null =
    readings === null ? null : Array.isArray(readings) ? [...readings] : [readings];
  for (const reading of list ?? []) checkReading(reading);
  await testAccessOf(pressure).inject(list);
}

/** Takes a sample now. @returns the state that it published. @throws as `inject`. */
export async function sampleNow(pressure: PressureRuntime): Promise<PressureState> {
  return testAccessOf(pressure).sampleNow();
}

/** NaN and the like are let through: what becomes of them is what a test wants to see. */
function checkReading(reading: unknown): void {
  const { resource, usedBytes, limitBytes }: Partial<Record<keyof InjectedReading, unknown>> = Object(reading);
  if (isResource(resource) && typeof usedBytes === 'number' && typeof limitBytes === 'number') return;
  throw new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected a reading { resource, usedBytes, limitBytes } of one of ${RESOURCES.join(', ')}, got ${describeValue(
      isResource(resource) ? reading : resource,
    )}`,
  );
}
