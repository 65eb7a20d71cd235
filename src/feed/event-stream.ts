import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Feed } from './feed.js';
import type { FeedFrame } from './frames.js';

/** Samples are told this often at most; a newer one replaces one that is still waiting. Source: more than the eye follows. */
const SAMPLE_DISTANCE_MS = 100;

/** A client that leaves this much unread is dropped: it would make the process grow that is being watched for growth. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** A comment this often keeps proxies from closing a silent stream. */
const HEARTBEAT_MS = 15_000;

/** Clients at the same time. */
export const MOST_CLIENTS = 20;

/**
 * Serves a feed as server-sent events (HTML Living Standard, 9.2): one `data:` line of JSON per frame. Bounded in clients and in
 * what each may leave unread. No timer keeps the process alive.
 */
export class EventStreams {
  readonly #feed: Feed;
  readonly #mostClients: number;
  readonly #clients = new Set<() => void>();

  constructor(feed: Feed, mostClients = MOST_CLIENTS) {
    this.#feed = feed;
    this.#mostClients = mostClients;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Answers with the stream, until the client goes, falls behind, or `close` is called. @returns false when there are too many. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#clients.size >= this.#mostClients) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    const heartbeat = setInterval(() => send(response, ':\n\n'), HEARTBEAT_MS);
    heartbeat.unref();
    const pacer = new SamplePacer((frame) => send(response, `data: ${JSON.stringify(frame)}\n\n`));
    const end = () => {
      if (!this.#clients.delete(end)) return;
      clearInterval(heartbeat);
      pacer.stop();
      unsubscribe();
      response.destroy();
    };
    this.#clients.add(end);
    request.once('close', end);
    response.once('close', end);
    response.once('error', end);
    const unsubscribe = this.#feed.subscribe((frame) => pacer.take(frame));
    return true;
  }

  close(): void {
    for (const end of [...this.#clients]) end();
  }
}

function send(response: ServerResponse, text: string): void {
  if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
  else response.write(text);
}

/** Lets samples through at a bounded rate, the latest always, everything else at once and after the sample before it. */
class SamplePacer {
  readonly #send: (frame: FeedFrame) => void;
  #waiting: FeedFrame | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (frame: FeedFrame) => void) {
    this.#send = send;
  }

  take(frame: FeedFrame): void {
    if (frame.type !== 'sample') {
      this.#flush();
      this.#send(frame);
      return;
    }
    this.#waiting = frame;
    const dueMs = this.#sentAt + SAMPLE_DISTANCE_MS - performance.now();
    if (dueMs <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), dueMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting = null;
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting === null) return;
    this.#send(this.#waiting);
    this.#waiting = null;
    this.#sentAt = performance.now();
  }
}
