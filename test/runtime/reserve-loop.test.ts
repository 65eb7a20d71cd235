import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { PressureState } from '#src/index.js';
import { reasonForNoCgroup, titled } from '../demo/memory-limit/kernel-limit.js';

const CHILD = fileURLToPath(new URL('./children/reserve-loop.mjs', import.meta.url));
const LIMITER = fileURLToPath(import.meta.resolve('#src/demo/memory-limit/main.js'));
const MIB = 2 ** 20;
const LIMIT_MIB = 256;
const HEAP_MIB = 96;
const EMERGENCY = 0.95;

/** Exit codes of a process that the kernel killed at its limit, and of one whose V8 gave up. */
const KILLED = 137;
const ABORTED = 134;

interface Task {
  readonly material: 'buffers' | 'objects';
  readonly asks: boolean;
  readonly threads: number;
}

interface Outcome {
  readonly before: PressureState['resources'];
  readonly after: PressureState['resources'];
  readonly results: readonly { readonly keptBytes: number; readonly unsampledBytes: number }[];
}

async function run(command: readonly string[], task: Task) {
  const [program = '', ...args] = [...command, CHILD, JSON.stringify(task)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [stdout, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const line = stdout.split('\n').find((candidate) => candidate.startsWith('{'));
  return { ended: signal === 'SIGABRT' ? ABORTED : code, outcome: line === undefined ? null : parse(line) };
}

const parse = (line: string) => JSON.parse(line) as Outcome;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const noCgroup = await reasonForNoCgroup();

describe.skipIf(noCgroup !== null)(titled('a loop that keeps Buffers under a limit of the kernel', noCgroup), () => {
  const command = [process.execPath, LIMITER, `${LIMIT_MIB}MiB`, '--', process.execPath];

  it('is killed when it does not ask', async () => {
    expect((await run(command, { material: 'buffers', asks: false, threads: 1 })).ended).toBe(KILLED);
  }, 60_000);

  it.each([1, 3])(
    'never passes it with %i threads that ask before each, and uses the room without a sample',
    async (threads) => {
      const { ended, outcome } = await run(command, { material: 'buffers', asks: true, threads });
      expect(ended).toBe(0);
      const { before, after, results } = outcome ?? expect.fail('no outcome');
      const roomBytes = EMERGENCY * LIMIT_MIB * MIB - (before.container?.usedBytes ?? 0);
      const unsampledBytes = sum(results.map((result) => result.unsampledBytes));
      expect(unsampledBytes).toBeLessThanOrEqual(roomBytes);
      expect(unsampledBytes).toBeGreaterThan(0.75 * roomBytes);
      expect(sum(results.map(({ keptBytes }) => keptBytes))).toBeLessThan(LIMIT_MIB * MIB);
      expect(after.container?.ratio).toBeLessThan(1);
    },
    60_000,
  );
});

describe('a loop that fills the heap of V8', () => {
  const command = [process.execPath, `--max-old-space-size=${HEAP_MIB}`];

  it('is aborted when it does not ask', async () => {
    expect((await run(command, { material: 'objects', asks: false, threads: 1 })).ended).toBe(ABORTED);
  }, 60_000);

  it.each([1, 3])(
    'never passes its limit with %i threads that ask before each, without a sample',
    async (threads) => {
      const { ended, outcome } = await run(command, { material: 'objects', asks: true, threads });
      expect(ended).toBe(0);
      const { results } = outcome ?? expect.fail('no outcome');
      expect(results).toHaveLength(threads);
      for (const { unsampledBytes } of results) {
        expect(unsampledBytes).toBeGreaterThan(0.4 * HEAP_MIB * MIB);
        expect(unsampledBytes).toBeLessThan(HEAP_MIB * MIB);
      }
    },
    60_000,
  );
});
