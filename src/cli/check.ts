import type { PressureState } from '../core/state.js';
import { resolveOptions } from '../runtime/options.js';
import { startPressureRuntime } from '../runtime/pressure-runtime.js';
import { openSources } from '../sources/detect.js';
import { statusLine } from '../terminal/status-line.js';
import { cut, table } from '../terminal/text.js';
import { type Capabilities, findCapabilities } from './capabilities.js';
import { EXIT, outputColours, type Surroundings, writeJson, writeLines } from './output.js';
import { CAPABILITY_NAMES } from './remedies.js';

export interface CheckOptions {
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Longest detail of a row without `--verbose`. */
const DETAIL_COLUMNS = 60;

/** `spillway check`: what is there, what is not, and what to do. Fails when memory cannot be watched at all. */
export async function check(options: CheckOptions, surroundings: Surroundings): Promise<number> {
  const { state, failure } = await firstState();
  const capabilities = findCapabilities(state, failure, await missingReasons(surroundings.env), surroundings.env);
  const canWatch = state !== null && Object.values(state.resources).some((resource) => resource !== null);
  if (options.json) writeJson(surroundings, document(state, canWatch, surroundings.env, capabilities));
  else writeLines(surroundings, report(state, capabilities, options.verbose === true, surroundings));
  return canWatch ? EXIT.fine : EXIT.failed;
}

async function firstState(): Promise<{ state: PressureState | null; failure: string }> {
  try {
    const pressure = await startPressureRuntime({ enabled: true, autoEviction: false, inspect: false, alerts: false });
    const { state } = pressure;
    await pressure.stop();
    return { state, failure: '' };
  } catch (error) {
    return { state: null, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Why sources have nothing to read, by name; empty where the options themselves are wrong. */
async function missingReasons(env: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string>> {
  try {
    const sources = await openSources(resolveOptions({}, env).settings, true);
    sources.close();
    return new Map(sources.missing.map(({ name, reason }) => [name, reason]));
  } catch {
    return new Map(); // the runtime could not be started for the same reason, and that is told
  }
}

/** The shape of GifLab's `deps check --json`, and the capabilities beside it. */
function document(
  state: PressureState | null,
  available: boolean,
  env: NodeJS.ProcessEnv,
  capabilities: Capabilities,
): unknown {
  return {
    system: {
      memory_monitoring: {
        available,
        enabled: isEnabled(env),
        current: {
          system_memory_percent: round(state?.resources.system?.ratio, 4),
          process_memory_mb: round(state === null ? undefined : state.process.rssBytes / 1e6, 1),
          pressure_level: state?.level ?? null,
        },
      },
    },
    capabilities,
  };
}

function isEnabled(env: NodeJS.ProcessEnv): boolean {
  try {
    return resolveOptions({}, env).enabled;
  } catch {
    return false; // options that cannot be read start nothing; `failure` tells about them
  }
}

function round(value: number | undefined, decimals: number): number | null {
  return value === undefined ? null : Number(value.toFixed(decimals));
}

function report(
  state: PressureState | null,
  capabilities: Capabilities,
  isVerbose: boolean,
  surroundings: Surroundings,
): string[] {
  const colours = outputColours(surroundings);
  const rows = CAPABILITY_NAMES.map((name) => {
    const { available, detail } = capabilities[name];
    const word = available ? 'available' : detail.startsWith('failed') ? 'failed' : 'missing';
    const paint = available
      ? colours.level.normal
      : word === 'failed'
        ? colours.level.emergency
        : colours.level.warning;
    return [paint(available ? '✓' : '✗'), name, paint(word), isVerbose ? detail : cut(detail, DETAIL_COLUMNS)];
  });
  const remedies = CAPABILITY_NAMES.flatMap((name) => {
    const { remedy } = capabilities[name];
    return remedy === undefined ? [] : [`${colours.strong(name)}: ${remedy}`];
  });
  const pressure = isVerbose && state !== null ? ['', statusLine(state, colours)] : [];
  const advice = isVerbose
    ? ['', ...remedies]
    : remedies.length > 0
      ? ['', colours.muted('spillway install-help <name> tells what to do')]
      : [];
  return [...table(rows), ...pressure, ...advice];
}
