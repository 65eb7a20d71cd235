import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB } from '../../src/core/units.js';
import { FORWARDED_SIGNALS, runUnderMemoryLimit } from '../../src/demo/memory-limit/run-under-memory-limit.js';
import type { WorkloadOptions, WorkloadResult } from './workload.js';

/** How a contestant came out of one run: with a result, or killed. */
export type Outcome =
  | { readonly survived: true; readonly result: WorkloadResult }
  | { readonly survived: false; readonly exitCode: number };

const WORKLOAD = fileURLToPath(new URL('./workload.js', import.meta.url));

/** Runs one contestant in a fresh process under the limit. */
export async function contest(options: WorkloadOptions): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-squeeze-'));
  const resultPath = join(directory, 'result.json');
  try {
    const { exitCode, signal } = await runUnderMemoryLimit({
      limitBytes: options.limitMib * MIB,
      command: process.execPath,
      args: [WORKLOAD, JSON.stringify(options), resultPath],
      stdio: 'ignore',
    });
    if (FORWARDED_SIGNALS.some((forwarded) => forwarded === signal)) {
      rmSync(directory, { recursive: true });
      process.exit(exitCode); // it was sent to the benchmark
    }
    if (exitCode !== 0) return { survived: false, exitCode };
    return { survived: true, result: JSON.parse(readFileSync(resultPath, 'utf8')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
