import type { Piscina } from 'piscina';
import { describeValue, SpillwayError } from '../core/errors.js';
import { isAtLeast, isLevel, type Level } from '../core/level.js';
import { type LocalPressure, onRound } from '../runtime/local-runtime.js';
import { GateQueue, type HeldTask, type OrderingQueue, queueOptionsOf } from './gate-queue.js';
import { GateWidth } from './gate-width.js';

/** How a pool is held back. */
export interface PiscinaGateOptions {
  /** The gate closes at this level or worse; default `critical`. */
  readonly pauseAt?: Level;
  /** It opens again below this level, `pauseAt` or milder; default `pauseAt`. */
  readonly resumeBelow?: Level;
  /** A closed gate at which nothing moved for so long, ms, says so once and lets one task through, every time; default 10 000. */
  readonly stallMs?: number;
}

/** A gate in front of a pool. */
export interface PiscinaGate {
  readonly isOpen: boolean;
  /** Tasks that wait here. */
  readonly waiting: number;
  /** Takes the gate away: every waiting task goes to the pool. Idempotent. */
  remove(): void;
  [Symbol.dispose](): void;
}

/** Piscina's own default for a task that names no options. */
type RunOptions = NonNullable<Parameters<Piscina['run']>[1]>;

interface GatedTask extends HeldTask {
  readonly task: unknown;
  readonly options: RunOptions | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes the abort listener off. */
  release: () => void;
}

const DEFAULT_STALL_MS = 10_000;

const ATTEND = new URL('../../workers/attend.js', import.meta.url).href;

/** Piscina's own queues: they keep the order in which tasks come. */
const PLAIN_QUEUES = ['FixedQueue', 'ArrayTaskQueue'];

/**
 * Puts a gate in front of `pool.run`: tasks go to the pool as fast as its threads take them, and wait here while the level is `pauseAt`
 * or worse, in the order of the pool's own queue. Running tasks always go on, and one is let through when nothing runs, so a pool
 * whose own tasks must finish for the pressure to fall does so; below an emergency more are let through while tasks end and usage does not
 * rise. Signals, `maxQueue`, `queueSize`, `close` and `destroy` act on waiting
 * tasks as Piscina documents them for queued ones. To be called on the thread that owns the pool.
 * @throws SpillwayError ERR_SPILLWAY_OPTION
 */
export function gatePiscina(pool: Piscina, pressure: LocalPressure, options: PiscinaGateOptions = {}): PiscinaGate {
  return new Gate(pool, pressure, checkOptions(options));
}

class Gate implements PiscinaGate {
  readonly #pool: Piscina;
  readonly #pressure: LocalPressure;
  readonly #options: Required<PiscinaGateOptions>;
  readonly #queue: GateQueue<GatedTask>;
  readonly #width = new GateWidth();
  /** The pool's own methods, as they were. */
  readonly #bare: Pick<Piscina, 'run' | 'close' | 'destroy'>;
  readonly #bareQueueSize: () => number;
  readonly #offRound: () => void;
  readonly #onChange = () => this.#update();
  readonly #onStopped = ({ to }: { to: string }) => {
    if (to === 'stopped') this.remove();
  };
  /** Tasks that the pool has and has not finished. */
  #running = 0;
  #isClosed = false;
  #stall: NodeJS.Timeout | null = null;
  #hasWarned = false;
  #isRemoved = false;
  /** The pool said that it is drained, and was not heard. */
  #owesDrain = false;

  constructor(pool: Piscina, pressure: LocalPressure, options: Required<PiscinaGateOptions>) {
    this.#pool = pool;
    this.#pressure = pressure;
    this.#options = options;
    const order = pool.options.taskQueue as unknown as OrderingQueue;
    this.#queue = new GateQueue(PLAIN_QUEUES.includes(order.constructor.name) ? null : order);
    this.#bare = { run: pool.run.bind(pool), close: pool.close.bind(pool), destroy: pool.destroy.bind(pool) };
    const queueSize = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(pool), 'queueSize');
    this.#bareQueueSize = () => Number(queueSize?.get?.call(pool) ?? 0);
    this.#lay();
    this.#offRound = onRound(pressure, () => this.#wakeIdle());
    pressure.on('level', this.#onChange);
    pressure.on('health', this.#onStopped);
    this.#update();
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  remove(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#isClosed = false;
    this.#offRound();
    this.#pressure.off('level', this.#onChange);
    this.#pressure.off('health', this.#onStopped);
    for (const name of ['run', 'close', 'destroy', 'queueSize', 'emit']) Reflect.deleteProperty(this.#pool, name);
    this.#watchStall();
    for (const held of this.#queue.drain()) this.#forward(held);
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  #lay(): void {
    const lay = (name: string, property: PropertyDescriptor) =>
      Object.defineProperty(this.#pool, name, { configurable: true, enumerable: false, ...property });
    const emit = this.#pool.emit.bind(this.#pool);
    lay('run', { value: (task: unknown, options?: RunOptions) => this.#run(task, options) });
    lay('close', { value: (options?: Parameters<Piscina['close']>[0]) => this.#close(options) });
    lay('destroy', { value: () => this.#destroy() });
    lay('queueSize', { get: () => this.#bareQueueSize() + this.#queue.size });
    lay('emit', {
      value: (event: string, ...values: unknown[]) => {
        // a pool with threads to spare is not drained while tasks wait here
        this.#owesDrain = event === 'drain' && (this.#isClosed || this.#queue.size > 0);
        return this.#owesDrain ? false : Reflect.apply(emit, undefined, [event, ...values]);
      },
    });
  }

  #run(task: unknown, options?: RunOptions): Promise<unknown> {
    const signal = signalOf(options);
    if (!isAcceptable(options) || isAborted(signal)) return this.#bare.run(task, options); // which refuses it in its own words
    this.#update();
    if (this.#queue.size === 0 && this.#hasRoom) return this.#track(this.#bare.run(task, options));
    const { maxQueue } = this.#pool.options;
    if (typeof maxQueue === 'number' && this.#queue.size + this.#bareQueueSize() >= maxQueue) return refuse(maxQueue);
    return new Promise((resolve, reject) => {
      const held: GatedTask = {
        task,
        options,
        queueOptions: queueOptionsOf(task),
        resolve,
        reject,
        release: () => undefined,
      };
      held.release = onAbort(signal, () => {
        if (!this.#queue.remove(held)) return;
        const aborted = AbortSignal.abort(reasonOf(signal));
        this.#bare.run(task, { ...options, signal: aborted }).then(resolve, reject);
      });
      this.#queue.push(held);
      this.#watchStall();
    });
  }

  /** Whether a thread of the pool would take a task at once, and may. */
  get #hasRoom(): boolean {
    const { maxThreads, concurrentTasksPerWorker } = this.#pool.options;
    const most = maxThreads * concurrentTasksPerWorker;
    return this.#running < (this.#isClosed ? Math.min(this.#width.tasks, most) : most);
  }

  /** Looks at the level, and lets through what may go. */
  #update(): void {
    if (this.#isRemoved) return;
    const { level } = this.#pressure;
    const wasClosed = this.#isClosed;
    this.#isClosed = isAtLeast(level, wasClosed ? this.#options.resumeBelow : this.#options.pauseAt);
    if (this.#isClosed && !wasClosed) this.#width.close(this.#pressure.state);
    while (this.#queue.size > 0 && this.#hasRoom) this.#forwardNext();
    if (this.#owesDrain && !this.#isClosed && this.#queue.size === 0) this.#pool.emit('drain');
    this.#watchStall();
  }

  #forwardNext(): void {
    const held = this.#queue.shift();
    if (held !== undefined) this.#forward(held);
  }

  #forward(held: GatedTask): void {
    held.release();
    this.#track(this.#bare.run(held.task, held.options)).then(held.resolve, held.reject);
  }

  #track(running: Promise<unknown>): Promise<unknown> {
    this.#running++;
    const ended = () => {
      this.#running--;
      if (this.#isClosed) this.#width.taskEnded(this.#pressure.state);
      this.#restartStall();
      this.#update();
    };
    running.then(ended, ended);
    return running;
  }

  /** As Piscina does: what is queued is carried out, unless `force`, which aborts it. */
  #close(options?: Parameters<Piscina['close']>[0]): Promise<void> {
    const isForced = options?.force === true;
    if (!isForced) for (const held of this.#queue.drain()) this.#forward(held);
    const closed = this.#bare.close(options);
    for (const held of this.#queue.drain()) this.#forward(held); // a closing pool aborts what comes
    return closed.finally(() => this.#watchStall());
  }

  #destroy(): Promise<void> {
    for (const held of this.#queue.drain()) this.#forward(held); // it takes what is queued down with it
    return this.#bare.destroy().finally(() => this.#watchStall());
  }

  /**
   * A thread of a pool with `atomics: 'sync'`, as by default, sleeps between two tasks and hears no bell: it is given a task that pays
   * what its caches owe. Such tasks count in `completed`.
   */
  #wakeIdle(): void {
    const { atomics } = this.#pool.options;
    if (atomics !== 'sync') return;
    for (let idle = this.#pool.idleThreads ?? 0; idle > 0; idle--) {
      this.#bare.run(undefined, { filename: ATTEND, name: 'default' }).catch(() => undefined); // the pool is closing: nothing is owed any more
    }
  }

  #watchStall(): void {
    const isStallable = this.#isClosed && this.#queue.size > 0 && !this.#isRemoved;
    if (isStallable === (this.#stall !== null)) return;
    if (isStallable) this.#restartStall(true);
    else if (this.#stall !== null) {
      clearInterval(this.#stall);
      this.#stall = null;
    }
  }

  #restartStall(force = false): void {
    if (this.#stall === null && !force) return;
    if (this.#stall !== null) clearInterval(this.#stall);
    this.#stall = setInterval(() => this.#stalled(), this.#options.stallMs);
    this.#stall.unref();
  }

  /** The tasks that run may wait for one that waits here. */
  #stalled(): void {
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const { stallMs } = this.#options;
      process.emitWarning(
        `${this.#queue.size} tasks wait for memory, and none has finished for ${stallMs} ms: one at a time is let through`,
        { type: 'SpillwayWarning', code: 'SPILLWAY_GATE_STALLED' },
      );
    }
    this.#forwardNext();
    this.#watchStall();
  }
}

function refuse(maxQueue: number): Promise<never> {
  // Piscina's own words: it has no class or code for them
  const reason = maxQueue === 0 ? 'No task queue available and all Workers are busy' : 'Task queue is at limit';
  return Promise.reject(new Error(reason));
}

type Signal = RunOptions['signal'];

function signalOf(options: unknown): Signal {
  return typeof options === 'object' && options !== null ? (options as RunOptions).signal : undefined;
}

function isAborted(signal: Signal): boolean {
  return typeof signal === 'object' && signal !== null && 'aborted' in signal && signal.aborted === true;
}

function reasonOf(signal: Signal): unknown {
  return typeof signal === 'object' && signal !== null && 'reason' in signal ? signal.reason : undefined;
}

/** Piscina takes AbortSignals, and event emitters that emit `abort`. @returns takes the listener off. */
function onAbort(signal: Signal, listener: () => void): () => void {
  if (typeof signal !== 'object' || signal === null) return () => undefined;
  if ('addEventListener' in signal) {
    signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  }
  signal.once('abort', listener);
  return () => signal.off('abort', listener);
}

/** False where Piscina refuses the call at once. */
function isAcceptable(options: unknown): boolean {
  if (options === undefined) return true;
  if (typeof options !== 'object' || options === null) return false;
  const { transferList, filename, name, signal } = options as Record<string, unknown>;
  return (
    (transferList === undefined || Array.isArray(transferList)) &&
    [filename, name].every((value) => value === undefined || value === null || typeof value === 'string') &&
    (signal === undefined || signal === null || typeof signal === 'object')
  );
}

function checkOptions(options: PiscinaGateOptions): Required<PiscinaGateOptions> {
  const { pauseAt = 'critical', resumeBelow = pauseAt, stallMs = DEFAULT_STALL_MS } = options;
  if (!isLevel(pauseAt) || pauseAt === 'normal') throw badOption('pauseAt', 'warning, critical or emergency', pauseAt);
  if (!isLevel(resumeBelow) || resumeBelow === 'normal' || !isAtLeast(pauseAt, resumeBelow)) {
    throw badOption('resumeBelow', `warning, or a level up to \`pauseAt\` (${pauseAt})`, resumeBelow);
  }
  if (!Number.isFinite(stallMs) || stallMs <= 0) throw badOption('stallMs', 'a finite number above 0', stallMs);
  return { pauseAt, resumeBelow, stallMs };
}

function badOption(path: string, expected: string, given: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_OPTION',
    `Expected \`${path}\` to be ${expected}, got ${describeValue(given)}`,
  );
}
