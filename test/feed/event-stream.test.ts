import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { EventStreams } from '#src/feed/event-stream.js';
import type { Feed } from '#src/feed/feed.js';
import { type FeedFrame, parseFrame } from '#src/feed/frames.js';
import { startPressureRuntime } from '#src/index.js';

/** A feed that says what a test tells it to. */
class ScriptedFeed implements Feed {
  readonly listeners = new Set<(frame: FeedFrame) => void>();

  subscribe(listener: (frame: FeedFrame) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  say(frame: FeedFrame): void {
    for (const listener of this.listeners) listener(frame);
  }

  close(): void {
    this.listeners.clear();
  }
}

let server: Server | null = null;
afterEach(() => server?.closeAllConnections());

async function serve(streams: EventStreams): Promise<string> {
  server = createServer((request, response) => {
    if (!streams.serve(request, response)) response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

async function open(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return response;
}

const alertFrame = (message: string): FeedFrame => ({
  type: 'alert',
  change: { rule: 'r', subject: '', status: 'firing', severity: 'warning', value: 1, threshold: 1, message, at: 0 },
});

describe('EventStreams', () => {
  it('drops a client that reads nothing, after a bounded amount', async () => {
    const feed = new ScriptedFeed();
    const streams = new EventStreams(feed);
    const response = await open(await serve(streams));
    response.on('error', () => undefined);
    expect(streams.clients).toBe(1);
    const big = alertFrame('x'.repeat(64 * 1024));
    let frames = 0;
    while (streams.clients > 0 && frames < 10_000) {
      feed.say(big);
      frames++;
      await new Promise(setImmediate);
    }
    expect(streams.clients).toBe(0);
    expect(feed.listeners.size).toBe(0);
    // What the kernel and Node buffer on both sides of a loopback socket, and the megabyte that may stay unread.
    expect(frames * 64 * 1024).toBeLessThan(64 * 2 ** 20);
    response.destroy();
  });

  it('keeps a client that reads', async () => {
    const feed = new ScriptedFeed();
    const streams = new EventStreams(feed);
    const response = await open(await serve(streams));
    let receivedBytes = 0;
    response.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
    });
    const big = alertFrame('x'.repeat(64 * 1024));
    for (let frame = 0; frame < 200; frame++) {
      feed.say(big);
      while (receivedBytes < frame * 64 * 1024) await once(response, 'data');
    }
    expect(streams.clients).toBe(1);
    response.destroy();
  });

  it('lets the latest sample through, at a bounded rate, and everything else in order', async () => {
    const pressure = await startPressureRuntime();
    const { state } = pressure;
    await pressure.stop();
    const feed = new ScriptedFeed();
    const response = await open(await serve(new EventStreams(feed)));
    const heard: string[] = [];
    const wanted = new Promise<void>((resolve) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) {
          const frame = parseFrame(message.slice('data: '.length));
          if (frame?.type === 'sample') heard.push(`sample ${frame.state.sampleCount}`);
          if (frame?.type === 'alert') heard.push('alert');
        }
        if (heard.at(-1) === 'sample 120') resolve();
      });
    });
    for (let count = 0; count <= 50; count++) feed.say({ type: 'sample', state: { ...state, sampleCount: count } });
    feed.say(alertFrame('now'));
    for (let count = 51; count <= 120; count++) feed.say({ type: 'sample', state: { ...state, sampleCount: count } });
    await wanted;
    expect(heard).toEqual(['sample 0', 'sample 50', 'alert', 'sample 120']);
    response.destroy();
  });
});
