import { MIB } from '../../src/core/units.js';
import { startPressureRuntime } from '../../src/index.js';
import { reportClaim } from '../claim.js';
import type { ReserveLoopOptions, ReserveLoopOutcome } from './reserve-loop.js';
import { runLimited } from './run-limited.js';

/** What a call is timed by may not be finer than this many calls. */
const CALLS = 20_000;
const REPETITIONS = 9;

const LIMIT = '256MiB';
const HEAP_MIB = 96;
/** Far from the heap's. */
const ROOMY = '2GiB';

/** What does `reserve` cost when there is room? */
export async function timeReserve(): Promise<void> {
  const pressure = await startPressureRuntime({ autoEviction: false, alerts: false });
  const medians: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const samples = new Float64Array(CALLS);
    for (let index = 0; index < samples.length; index++) {
      const startedNs = process.hrtime.bigint();
      const reservation = pressure.reserve(4096);
      samples[index] = Number(process.hrtime.bigint() - startedNs);
      reservation?.release();
    }
    samples.sort();
    medians.push(samples[samples.length / 2] ?? Number.NaN);
  }
  await pressure.stop();
  reportClaim('reserve, where there is room', 'ns (median)', { atMost: 200 }, medians);
}

/** Does a loop that asks before each allocation ever pass a limit, however fast it is? */
export function loopUpToLimits(runs: number): void {
  for (const threads of [1, 3]) {
    const where = [
      { what: `keeps Buffers in ${LIMIT}`, material: 'buffers', limit: LIMIT, flags: [] },
      {
        what: `fills a heap of ${HEAP_MIB} MiB`,
        material: 'objects',
        limit: ROOMY,
        flags: [`--max-old-space-size=${HEAP_MIB}`],
      },
    ] as const;
    for (const { what, material, limit, flags } of where) {
      const loop = (asks: boolean) => {
        const options: ReserveLoopOptions = { material, asks, threads };
        return runLimited<ReserveLoopOutcome>(limit, './reserve-loop.js', options, flags);
      };
      const name = `a loop on ${threads} thread${threads === 1 ? '' : 's'} that ${what}`;
      const asking = Array.from({ length: runs }, () => loop(true));
      const heedless = Array.from({ length: runs }, () => loop(false));
      const finished = asking.filter(({ exitCode }) => exitCode === 0).length;
      const died = heedless.filter(({ exitCode }) => exitCode !== 0).length;
      reportClaim(`${name} and asks reserve first, lives`, `of ${runs} runs`, { atLeast: runs }, [finished]);
      reportClaim(`${name} and does not ask, dies`, `of ${runs} runs`, { atLeast: runs }, [died]);
      for (const { result } of asking) if (result !== null) console.log(`${name}: ${describe(result)}`);
    }
  }
}

function describe({ results, seconds }: ReserveLoopOutcome): string {
  const sum = (pick: (result: ReserveLoopOutcome['results'][number]) => number) =>
    results.reduce((total, result) => total + pick(result), 0) / MIB;
  const keptMib = sum(({ keptBytes }) => keptBytes);
  const unsampledMib = sum(({ unsampledBytes }) => unsampledBytes);
  return `kept ${keptMib.toFixed(0)} MiB, ${unsampledMib.toFixed(0)} MiB of it without a sample, at ${(keptMib / seconds).toFixed(0)} MiB/s`;
}
