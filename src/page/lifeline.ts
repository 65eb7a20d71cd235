import * as workerThreads from 'node:worker_threads';
import { loadSamplerThread, storeSamplerThread } from './page.js';
import type { ThreadClaim } from './thread-rows.js';

/**
 * A port between a thread with rows and the sampler: Node closes it when the thread ends, however it ends, on every platform. It is
 * handed over by `postMessageToThread`, which Node has since 20.19 and 22.5; where it is missing, only the kernel's list of threads
 * tells of a death (Linux).
 */
interface LifelineMessage {
  readonly spillwayLifeline: ThreadClaim;
  readonly port: workerThreads.MessagePort;
}

export interface Lifeline {
  /** Hands a port to the sampler that is there now, unless it has one. */
  renew(): void;
  close(): void;
}

/** Owner of the row. */
export function holdLifeline(words: Int32Array, claim: ThreadClaim): Lifeline {
  const { postMessageToThread, MessageChannel } = workerThreads;
  let heldBy = 0;
  let port: workerThreads.MessagePort | null = null;

  const close = () => {
    port?.close();
    port = null;
  };
  return {
    renew() {
      const samplerThread = loadSamplerThread(words);
      if (samplerThread === heldBy || samplerThread === 0 || typeof postMessageToThread !== 'function') return;
      close();
      heldBy = samplerThread;
      const { port1, port2 } = new MessageChannel();
      port1.unref();
      port = port1;
      const message: LifelineMessage = { spillwayLifeline: claim, port: port2 };
      postMessageToThread(samplerThread, message, [port2]).catch(() => undefined); // it ends: the next one is offered another
    },
    close,
  };
}

/** Says that the calling thread samples, and takes the lifelines of the others. @param onEnd a thread let go: it ended, or gave up its rows. */
export function takeLifelines(words: Int32Array, onEnd: (claim: ThreadClaim) => void): void {
  process.on('workerMessage', (message: unknown) => {
    if (!isLifeline(message)) return;
    const { spillwayLifeline, port } = message;
    port.on('close', () => onEnd(spillwayLifeline));
    port.unref();
  });
  storeSamplerThread(words, workerThreads.threadId);
}

function isLifeline(message: unknown): message is LifelineMessage {
  return typeof message === 'object' && message !== null && 'spillwayLifeline' in message;
}
