import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Piscina } from 'piscina';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { gatePiscina, type PiscinaGateOptions } from '#src/integrations/piscina.js';
import { inject, sampleNow } from '#src/testing.js';

const TASKS = new URL('../support/pool-task.mjs', import.meta.url).href;
const THREADS = 2;
const QUEUE_OPTIONS = Piscina.queueOptionsSymbol;

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/** A pool of two threads behind a gate, and a level that the test sets. */
async function open(options: PiscinaGateOptions = {}, poolOptions: PoolOptions = {}) {
  const pressure = await startPressureRuntime({
    resources: { system: false, container: false, heap: false, process: false },
    autoEviction: false,
    alerts: false,
  });
  onTestFinished(() => pressure.stop());
  const pool = new Piscina({ filename: TASKS, minThreads: THREADS, maxThreads: THREADS, ...poolOptions });
  onTestFinished(() => pool.destroy());
  const gate = gatePiscina(pool, pressure, options);
  const press = (share: number) =>
    inject(pressure, { resource: 'injected', usedBytes: Math.round(share * 1000), limitBytes: 1000 });
  return { pressure, pool, gate, press };
}

/** Tasks that begin when they like and end when the test lets them. */
function createTasks() {
  const words = new Int32Array(new SharedArrayBuffer(4 * 66));
  return {
    task: (index: number, priority?: number) => ({
      words,
      index,
      ...(priority === undefined ? {} : { [QUEUE_OPTIONS]: { priority } }),
    }),
    /** What began so far, in order. */
    begun: () => [...words.slice(2, 2 + Atomics.load(words, 0))],
    untilBegun: (count: number) => expect.poll(() => Atomics.load(words, 0)).toBeGreaterThanOrEqual(count),
    letEnd(count: number) {
      Atomics.store(words, 1, count);
      Atomics.notify(words, 1);
    },
  };
}

class PriorityQueue {
  readonly #tasks: { [QUEUE_OPTIONS]: { priority?: number } | null }[] = [];
  get size() {
    return this.#tasks.length;
  }
  push(task: { [QUEUE_OPTIONS]: { priority?: number } | null }) {
    this.#tasks.push(task);
    this.#tasks.sort((a, b) => (b[QUEUE_OPTIONS]?.priority ?? 0) - (a[QUEUE_OPTIONS]?.priority ?? 0));
  }
  shift() {
    return this.#tasks.shift() ?? null;
  }
  remove(task: object) {
    const index = this.#tasks.indexOf(task as { [QUEUE_OPTIONS]: null });
    if (index >= 0) this.#tasks.splice(index, 1);
  }
}

describe('a gate in front of a pool', () => {
  it('lets tasks through while there is no pressure', async () => {
    const { pool, gate } = await open();
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => pool.run({ index })));
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(gate).toMatchObject({ isOpen: true, waiting: 0 });
  });

  it('holds tasks back while pressed, and lets running ones go on', async () => {
    const { pool, gate, press } = await open();
    const { task, begun, untilBegun, letEnd } = createTasks();
    const runs = [0, 1].map((index) => pool.run(task(index)));
    await untilBegun(2);
    await press(0.85);
    runs.push(...[2, 3, 4, 5].map((index) => pool.run(task(index))));
    expect(gate).toMatchObject({ isOpen: false, waiting: 4 });
    expect(pool.queueSize).toBe(4);
    letEnd(1);
    await Promise.race(runs);
    await turn();
    expect(begun()).toHaveLength(2); // one still runs
    await press(0.1);
    letEnd(64);
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(begun().slice(2).sort()).toEqual([2, 3, 4, 5]);
  });

  it('goes on in the order in which the tasks came', async () => {
    const { pool, press } = await open({}, { maxThreads: 1, minThreads: 1 }); // two threads would race each other
    const { task, begun, untilBegun, letEnd } = createTasks();
    const runs = [pool.run(task(0))];
    await untilBegun(1);
    await press(0.85);
    runs.push(...[1, 2, 3, 4].map((index) => pool.run(task(index))));
    await press(0.1);
    letEnd(64);
    await Promise.all(runs);
    expect(begun()).toEqual([0, 1, 2, 3, 4]);
  });

  it('lets one task through when nothing runs', async () => {
    const { pool, gate, press } = await open();
    const { task, begun, untilBegun, letEnd } = createTasks();
    await press(0.85);
    const runs = [0, 1, 2].map((index) => pool.run(task(index)));
    await untilBegun(1);
    expect(gate.waiting).toBe(2);
    letEnd(1);
    await untilBegun(2);
    expect([begun(), gate.waiting]).toEqual([[0, 1], 1]);
    letEnd(64);
    expect(await Promise.all(runs)).toEqual([0, 1, 2]);
  });

  /** Lets tasks end one by one, each after a fresh sample. @returns the most that ran at once meanwhile. */
  async function endOneByOne(
    { pressure, ended }: { pressure: PressureRuntime; ended: number },
    { untilBegun, letEnd, begun }: ReturnType<typeof createTasks>,
    count: number,
    runs: readonly Promise<unknown>[],
  ): Promise<number> {
    let most = 0;
    for (let end = ended + 1; end <= ended + count; end++) {
      await untilBegun(end);
      await sampleNow(pressure);
      letEnd(end);
      await runs[begun()[end - 1] ?? -1];
      await untilBegun(end + 1);
      most = Math.max(most, begun().length - end);
    }
    return most;
  }

  it('lets more run, up to its threads, while tasks end and usage does not rise', async () => {
    const { pressure, pool, gate, press } = await open();
    const tasks = createTasks();
    await press(0.85);
    const runs = Array.from({ length: 20 }, (_, index) => pool.run(tasks.task(index)));
    expect(await endOneByOne({ pressure, ended: 0 }, tasks, 1, runs)).toBe(1);
    await endOneByOne({ pressure, ended: 1 }, tasks, 2, runs);
    await tasks.untilBegun(3 + THREADS);
    expect(gate.isOpen).toBe(false);
    expect(await endOneByOne({ pressure, ended: 3 }, tasks, 6, runs)).toBe(THREADS);
    tasks.letEnd(64);
    await Promise.all(runs);
  });

  it.each([
    ['when usage rises with them', 0.85, 0.88],
    ['in an emergency', 0.96, 0.96],
  ])('lets one run at a time %s', async (_, before, after) => {
    const { pressure, pool, press } = await open();
    const tasks = createTasks();
    await press(before);
    const runs = Array.from({ length: 20 }, (_, index) => pool.run(tasks.task(index)));
    await endOneByOne({ pressure, ended: 0 }, tasks, 1, runs);
    await press(after);
    expect(await endOneByOne({ pressure, ended: 1 }, tasks, 2, runs)).toBe(1);
    tasks.letEnd(64);
    await Promise.all(runs);
  });

  it('keeps the order of a queue that the pool was given', async () => {
    const { pool, press } = await open({}, { taskQueue: new PriorityQueue() as never, maxThreads: 1, minThreads: 1 });
    const { task, begun, untilBegun, letEnd } = createTasks();
    const runs = [pool.run(task(0))];
    await untilBegun(1);
    await press(0.85);
    runs.push(...[1, 5, 3].map((priority) => pool.run(task(priority, priority))));
    await press(0.1);
    letEnd(64);
    await Promise.all(runs);
    expect(begun()).toEqual([0, 5, 3, 1]);
  });

  it('lets go of a waiting task that is aborted', async () => {
    const { pool, gate, press } = await open();
    const { task, begun, untilBegun, letEnd } = createTasks();
    await press(0.85);
    const running = pool.run(task(0));
    await untilBegun(1);
    const abort = new AbortController();
    const aborted = expect(pool.run(task(1), { signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
      cause: 'enough',
    });
    expect(gate.waiting).toBe(1);
    abort.abort('enough');
    await aborted;
    expect(gate.waiting).toBe(0);
    await expect(pool.run(task(2), { signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    letEnd(64);
    await running;
    expect(begun()).toEqual([0]);
  });

  it.each([
    [2, 'Task queue is at limit'],
    [0, 'No task queue available and all Workers are busy'],
  ])('refuses what is beyond a maxQueue of %i, as the pool does', async (maxQueue, message) => {
    const { pool, press } = await open({}, { maxQueue });
    const { task, untilBegun, letEnd } = createTasks();
    await press(0.85);
    const runs = [0, 1, 2].slice(0, maxQueue + 1).map((index) => pool.run(task(index)));
    await untilBegun(1);
    await expect(pool.run(task(9))).rejects.toThrow(message);
    letEnd(64);
    await Promise.all(runs);
  });

  it('refuses at once what the pool refuses at once', async () => {
    const { pool, press, gate } = await open();
    await press(0.85);
    await expect(pool.run({}, { name: 5 as never })).rejects.toThrow('name argument must be a string');
    expect(gate.waiting).toBe(0);
  });

  it('hands what waits to the pool when that is closed', async () => {
    const { pool, gate, press } = await open();
    const { task, untilBegun, letEnd } = createTasks();
    // a pool that closes drops what is queued for threads that are still starting, gate or not
    while (pool.idleThreads < THREADS) await Promise.all([0, 1].map((index) => pool.run({ index })));
    await press(0.85);
    const runs = [0, 1].map((index) => pool.run(task(index)));
    await untilBegun(1);
    expect(gate.waiting).toBe(1);
    const closed = pool.close();
    expect(gate.waiting).toBe(0);
    letEnd(64);
    await Promise.allSettled(runs); // Piscina may end a closing pool once one of two tasks is done, and abort the other
    await closed;
  });

  it('aborts what waits when the pool is closed by force', async () => {
    const { pool, press } = await open();
    const { task, untilBegun, letEnd } = createTasks();
    await press(0.85);
    const running = pool.run(task(0));
    await untilBegun(1);
    const waiting = expect(pool.run(task(1))).rejects.toMatchObject({ name: 'AbortError' });
    const closed = pool.close({ force: true });
    await waiting;
    letEnd(64);
    expect(await running).toBe(0);
    await closed;
  });

  it('rejects what waits when the pool is destroyed', async () => {
    const { pool, press } = await open();
    const { task, untilBegun } = createTasks();
    await press(0.85);
    const runs = [0, 1, 2].map((index) => expect(pool.run(task(index))).rejects.toThrow('Terminating worker thread'));
    await untilBegun(1);
    await pool.destroy();
    await Promise.all(runs);
  });

  it('lets a task through that a running one waits for, and warns once', async () => {
    const { pool, press } = await open({ stallMs: 50 });
    const { task, untilBegun, letEnd } = createTasks();
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    await press(0.85);
    const outer = pool.run(task(0));
    await untilBegun(1);
    const inner = [1, 2].map((index) => pool.run({ index })); // what the running task waits for
    expect(await Promise.all(inner)).toEqual([1, 2]);
    letEnd(64);
    await outer;
    expect(warnings.filter((warning) => 'code' in warning && warning.code === 'SPILLWAY_GATE_STALLED')).toHaveLength(1);
  });

  it('creates and ends no threads for pausing', async () => {
    const { pool, press } = await open();
    await Promise.all([0, 1, 2, 3].map((index) => pool.run({ index })));
    const threads = pool.threads.map(({ threadId }) => threadId);
    for (let round = 0; round < 3; round++) {
      await press(0.85);
      const runs = [0, 1, 2, 3, 4].map((index) => pool.run({ index }));
      await runs[0];
      await press(0.1);
      await Promise.all(runs);
    }
    expect(pool.threads.map(({ threadId }) => threadId)).toEqual(threads);
  });

  it('tells that the pool is drained only when nothing waits', async () => {
    const { pool, press, gate } = await open();
    const { task, untilBegun, letEnd } = createTasks();
    const runs = [0, 1].map((index) => pool.run(task(index)));
    await untilBegun(2);
    await press(0.85);
    runs.push(pool.run(task(2)));
    let waitingAtDrain = -1;
    const drained = once(pool, 'drain').then(() => {
      waitingAtDrain = gate.waiting;
    });
    letEnd(64);
    await Promise.all(runs);
    await press(0.1);
    await drained;
    expect(waitingAtDrain).toBe(0);
  });

  it('waits for a milder level to open again, where one is named', async () => {
    const { gate, press } = await open({ pauseAt: 'emergency', resumeBelow: 'warning' });
    await press(0.9);
    expect(gate.isOpen).toBe(true);
    await press(0.97);
    expect(gate.isOpen).toBe(false);
    await press(0.72);
    expect(gate.isOpen).toBe(false);
    await press(0.1);
    expect(gate.isOpen).toBe(true);
  });

  it('wakes threads that sleep between two tasks, so that their caches pay too', async () => {
    const { pressure, pool } = await open();
    const bytes = 4 * 2 ** 20;
    await Promise.all([0, 1].map(() => pool.run({ handle: pressure.handle, bytes }, { name: 'hold' })));
    expect(pressure.state.caches.byName).toEqual({ 'of the pool': 2 * bytes });
    const report = await pressure.evict(bytes);
    expect(report).toMatchObject({ verdict: 'met', evictedBytes: bytes });
    expect(report.caches.map(({ thread, evictedBytes }) => [thread, evictedBytes]).sort()).toEqual(
      pool.threads.map(({ threadId }) => [threadId, bytes / 2]).sort(),
    );
  });

  it('goes away with everything that waits, by itself when the runtime stops', async () => {
    const { pressure, pool, gate, press } = await open();
    await press(0.85);
    const runs = [0, 1, 2, 3].map((index) => pool.run({ index }));
    await pressure.stop();
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3]);
    expect(gate.waiting).toBe(0);
    expect(Object.keys(Object.getOwnPropertyDescriptors(pool))).not.toContain('run');
    gate.remove();
  });

  it.each([
    [{ pauseAt: 'normal' }, 'pauseAt'],
    [{ pauseAt: 'warning', resumeBelow: 'critical' }, 'resumeBelow'],
    [{ stallMs: Number.NaN }, 'stallMs'],
  ])('refuses %o', async (options, path) => {
    await expect(open(options as PiscinaGateOptions)).rejects.toMatchObject({
      code: 'ERR_SPILLWAY_OPTION',
      message: expect.stringContaining(path) as string,
    });
  });
});
