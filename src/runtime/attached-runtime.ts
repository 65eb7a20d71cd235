import { threadId } from 'node:worker_threads';
import { SpillwayError } from '../core/errors.js';
import type { EvictionReport } from '../core/eviction.js';
import type { Level } from '../core/level.js';
import { type Broadcast, openBroadcast } from '../page/broadcast.js';
import { holdLifeline, type Lifeline } from '../page/lifeline.js';
import { isStopped } from '../page/page.js';
import type { BroadcastMessage } from '../page/protocol.js';
import { claimThread, type ThreadClaim } from '../page/thread-rows.js';
import { kernelThreadId } from '../sources/kernel-thread.js';
import { forgetAttachment, noteAttachment } from './attachments.js';
import { openHandle, type PressureHandle } from './handle.js';
import { type LocalPressure, LocalRuntime } from './local-runtime.js';
import { stopped, ThreadRuntime, type ThreadRuntimeOptions } from './thread-runtime.js';

/** A round has deadlines of its own, for each of its caches; this is for a sampler that is gone. */
const EVICTION_TIMEOUT_MS = 120_000;

/** A runtime as another thread than the one that started it holds it. Caches of all threads are one ledger. */
export interface AttachedPressureRuntime extends LocalPressure {
  /** Restores this thread's caches and gives its rows back; idempotent. The runtime itself runs on. */
  detach(): void;
  [Symbol.dispose](): void;
}

/**
 * Takes part, on the calling thread, in the runtime that `handle` belongs to. Never keeps the thread alive. A thread that ends
 * without detaching loses its rows, and nothing else changes.
 * @throws SpillwayError ERR_SPILLWAY_HANDLE_INVALID, ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_LEDGER_FULL
 */
export function attachPressureRuntime(handle: PressureHandle): AttachedPressureRuntime {
  const { words, options } = openHandle(handle);
  return new AttachedRuntime(words, claimThread(words, threadId, kernelThreadId()), options);
}

interface Call {
  resolve(report: EvictionReport): void;
  reject(error: SpillwayError): void;
}

class AttachedRuntime extends LocalRuntime implements AttachedPressureRuntime {
  readonly #words: Int32Array;
  readonly #claim: ThreadClaim;
  readonly #lifeline: Lifeline;
  /** Open while somebody on this thread listens, or waits for an eviction or its outcome; closed a little later. */
  #broadcast: Broadcast | null = null;
  #isListening = false;
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;

  constructor(words: Int32Array, claim: ThreadClaim, options: ThreadRuntimeOptions) {
    super(
      new ThreadRuntime(words, claim, options, {
        interest: (inMessages) => {
          this.#isListening = inMessages;
          if (inMessages) this.#openBroadcast();
        },
        attended: () => this.#attended(),
      }),
    );
    this.#words = words;
    this.#claim = claim;
    this.#lifeline = holdLifeline(words, claim);
    this.#lifeline.renew();
    noteAttachment(this.thread);
  }

  detach(): void {
    this.#close('the thread was detached');
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  protected async askForEviction(bytes: number, level: Level | null): Promise<EvictionReport> {
    this.thread.refresh();
    const call = ++this.#lastCall;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<EvictionReport>((resolve, reject) => {
        this.#calls.set(call, { resolve, reject });
        timer = setTimeout(() => reject(noAnswer()), EVICTION_TIMEOUT_MS);
        const asker = { generation: this.#claim.generation, call };
        this.#openBroadcast().post({ type: 'evict', asker, bytes, level });
      });
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  #attended(): void {
    if (isStopped(this.#words)) this.#close('the runtime was stopped');
    else {
      this.#lifeline.renew(); // the sampler may be another thread by now
      if (!this.#isListening && this.#calls.size === 0 && !this.thread.awaitsSettlement) this.#closeBroadcast();
    }
  }

  #receive(message: BroadcastMessage): void {
    if (message.type === 'evict') return;
    if (message.type === 'alert') this.thread.emit('alert', Object.freeze(message.change));
    else if (message.type === 'evicted') {
      const { generation, call } = message.asker;
      if (generation === this.#claim.generation) this.#calls.get(call)?.resolve(message.report);
    } else if (message.type !== 'error' || this.thread.isHeard('error')) this.thread.receive(message);
  }

  #openBroadcast(): Broadcast {
    this.#broadcast ??= openBroadcast(this.#words, (message) => this.#receive(message));
    return this.#broadcast;
  }

  #closeBroadcast(): void {
    this.#broadcast?.close();
    this.#broadcast = null;
  }

  #close(reason: string): void {
    forgetAttachment(this.thread);
    this.thread.close(reason);
    for (const call of this.#calls.values()) call.reject(stopped('evict'));
    this.#lifeline.close();
    this.#closeBroadcast();
  }
}

function noAnswer(): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_SAMPLER_FAILED',
    `The sampler did not answer 'evict' in ${EVICTION_TIMEOUT_MS} ms`,
  );
}
