import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { SpillwayError } from '../core/errors.js';
import type { Feed } from '../feed/feed.js';
import { FEED_VERSION, type FeedFrame, parseFrame } from '../feed/frames.js';
import { FeedRecord } from '../feed/record.js';
import { STREAM_PATH } from './protocol.js';

/** A frame longer than this is not one of ours. Source: an hour of history is about 300 KiB. */
const LONGEST_FRAME_CHARS = 8 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 5000;

/** A feed about another process, over its inspection socket. */
export class RemoteFeed implements Feed {
  readonly #request: ClientRequest;
  readonly #record = new FeedRecord();
  readonly #listeners = new Set<(frame: FeedFrame) => void>();
  /** Resolves when the stream has ended, with the reason for people. */
  readonly ended: Promise<string>;

  private constructor(request: ClientRequest, response: IncomingMessage, pid: number) {
    this.#request = request;
    this.ended = new Promise((resolve) => {
      response.once('close', () => resolve(`process ${pid} is gone`));
      response.once('error', () => resolve(`process ${pid} is gone`));
    });
  }

  /**
   * Connects, and resolves when the process has told what it knows.
   * @throws SpillwayError ERR_SPILLWAY_INSPECT when it does not answer, or speaks another version.
   */
  static async connect({ pid, path }: { pid: number; path: string }): Promise<RemoteFeed> {
    const request = get({ socketPath: path, path: STREAM_PATH, agent: false });
    const timer = setTimeout(
      () => request.destroy(new Error('no answer; its event loop may be blocked')),
      ANSWER_TIMEOUT_MS,
    );
    try {
      const response = await responseOf(request);
      const feed = new RemoteFeed(request, response, pid);
      await feed.#read(response);
      return feed;
    } catch (cause) {
      request.destroy();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SpillwayError('ERR_SPILLWAY_INSPECT', `Process ${pid} cannot be read: ${reason}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  subscribe(listener: (frame: FeedFrame) => void): () => void {
    for (const frame of this.#record.opening()) listener(frame);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#request.destroy();
  }

  /** Reads on and on; resolves with the first sample, which closes what a newcomer is told first. */
  #read(response: IncomingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      let text = '';
      response.once('close', () => reject(new Error('it closed the connection')));
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        if (text.length > LONGEST_FRAME_CHARS) this.close();
        for (const message of messages) {
          const frame = message.startsWith('data: ') ? parseFrame(message.slice('data: '.length)) : null;
          if (frame?.type === 'hello' && frame.version !== FEED_VERSION) {
            reject(new Error(`it speaks version ${frame.version}, this is version ${FEED_VERSION}`));
          }
          if (frame !== null) this.#tell(frame);
          if (frame?.type === 'sample') resolve();
        }
      });
    });
  }

  #tell(frame: FeedFrame): void {
    this.#record.apply(frame);
    for (const listener of this.#listeners) listener(frame);
  }
}

function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`it answered ${response.statusCode}`));
    });
  });
}
